/*
 * bench.h: what the drivers of scripts/bench share: samples and their median,
 * and a command run with its cost.  On a machine that others use as well only
 * what was measured by turns can be compared, so every driver interleaves.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Samples of one figure; an array of at most `cap` is made by samples_init. */
struct samples {
	double *v;
	size_t count, cap;
};

void samples_init(struct samples *, size_t cap);
void samples_free(struct samples *);
void samples_add(struct samples *, double);
/* The middle one; 0 when there is none.  Sorts. */
double samples_median(struct samples *);

/* What a process and all that it waited for took. */
struct cost {
	double wall_us, cpu_us;
	double rss_kib;		/* the largest of them */
};

/* Run a command, its input from `in` (NULL: nothing), its output to nobody;
 * anything but status 0 ends the driver with a message. */
void bench_run(const char *const argv[], const char *in, struct cost *out);

/* Print an error and end. */
NORETURN void bench_fail(const char *what, const struct err *);
/* A count from the command line, at least 1; else ends. */
int64_t bench_count(const char *text);

#endif
