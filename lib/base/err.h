/*
 * err.h: an error as a value.  It goes up the calls with context added on the
 * way and is printed once, in main.  Filling it cannot fail: the message is
 * cut at its bound, never grown.
 *
 * A function that can fail returns 0 or -1 (or a count) and takes
 * `struct err *` last.  On failure it fills it and leaves its out-parameters
 * alone; on success it does not touch it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/cc.h"
#include "base/status.h"

struct err {
	int status;	/* exit status, status.h */
	int errnum;	/* errno at the failure, or 0 */
	char msg[480];	/* lower case, no full stop, no newline */
};

/* Fill `e`; with `errnum` not 0 its text follows the message.  Returns -1. */
int err_set(struct err *e, int status, int errnum, const char *fmt, ...)
    PRINTF(4, 5);

/* Put "context: " before the message of `e`.  Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);

#endif
