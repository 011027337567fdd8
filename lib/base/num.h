/*
 * num.h: numbers as people and files write them.  All readers take the whole
 * string or refuse it; nothing wraps, nothing is half read.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdint.h>

#include "base/cc.h"

/* A decimal integer between `min` and `max`; 0, or -1 (errno EINVAL, ERANGE). */
int num_int(const char *s, int64_t min, int64_t max, int64_t *out);

/* A size in bytes: digits and an optional K, M, G or T (powers of 1024). */
int num_size(const char *s, int64_t *out);

/* A length of time, "90", "1.5s", "250ms", "10m", "2h", "7d": nanoseconds. */
int num_duration(const char *s, int64_t *out);

/* An amount of money, "2", "0.25": integer millionths, at most six decimals. */
int num_money(const char *s, int64_t *out);

/* Any decimal, "-3", "2.5e1"; finite.  Independent of the locale. */
int num_double(const char *s, double *out);

#endif
