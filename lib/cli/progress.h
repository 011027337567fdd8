/*
 * progress.h: how far long work is, on stderr when that is a terminal, for
 * what takes longer than a second.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what;	/* "saving" */
	int64_t total;		/* bytes; 0: not known */
	int64_t done;
	int64_t started, shown;	/* clock_mono */
	bool terminal;
};

void progress_start(struct progress *, const char *what, int64_t total);
/* For callbacks: `p` is a struct progress. */
void progress_add(void *p, int64_t bytes);
void progress_end(struct progress *);

#endif
