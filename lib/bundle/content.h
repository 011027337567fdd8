/*
 * content.h: bytes of a known number that come from somewhere: how a caller
 * gives what it holds to a writer.
 */
#ifndef BUNDLE_CONTENT_H
#define BUNDLE_CONTENT_H

#include "base/buf.h"
#include "base/err.h"

struct content {
	int64_t size;
	/* Fill `buf` with the next `n` bytes, exactly; never asked for more
	 * than `size` together. */
	int (*read)(void *arg, void *buf, size_t n, struct err *);
	void *arg;
};

/* Bytes in memory; `at` is changed and must live as long. */
struct content content_bytes(struct slice *at);

/* A part of a file; likewise. */
struct content_range {
	int fd;			/* borrowed; read with pread(2) */
	int64_t offset;
	const char *name;	/* for messages */
};
struct content content_file(struct content_range *at, int64_t size);

/* Takes bytes as they come: what a reader gives them to. */
struct sink {
	int (*write)(void *arg, const void *, size_t, struct err *);
	void *arg;
};

#endif
