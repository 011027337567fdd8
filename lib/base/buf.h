/*
 * buf.h: a growing run of bytes, always followed by a NUL that is not
 * counted.  What would pass its maximum is dropped and remembered: `full`
 * stays set, so that a caller checks once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cc.h"

/* For contents that this program makes itself. */
#define BUF_UNBOUNDED (SIZE_MAX / 4)

struct buf {
	char *data;	/* owned; NULL while empty */
	size_t len, cap;
	size_t max;	/* 0 means BUF_UNBOUNDED */
	bool full;	/* something did not fit */
};

/* A borrowed run of bytes. */
struct slice {
	const char *data;
	size_t len;
};

void buf_init(struct buf *, size_t max);
void buf_free(struct buf *);
void buf_clear(struct buf *);			/* keeps the memory */
void buf_add(struct buf *, const void *, size_t);
void buf_puts(struct buf *, const char *);
void buf_putc(struct buf *, char);
void buf_printf(struct buf *, const char *fmt, ...) PRINTF(2, 3);
void buf_reserve(struct buf *, size_t more);
void buf_cut(struct buf *, size_t len);		/* keep the first len bytes */
void buf_drop(struct buf *, size_t n);		/* remove the first n bytes */
const char *buf_str(const struct buf *);	/* never NULL */
char *buf_steal(struct buf *);			/* the caller owns it now */

/* Read once from `fd` into the buffer, at most `most` bytes: a count, 0 at the
 * end, -1 with errno (EINTR is tried again, EMSGSIZE when full). */
ssize_t buf_read(struct buf *, int fd, size_t most);

#define CLEANUP_BUF CLEANUP(buf_free)

#endif
