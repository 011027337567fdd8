/*
 * lines.h: chosen lines of a file by number, without holding the file: where
 * each stands is kept, and it is read when asked for.  Private to lib/model.
 */
#ifndef MODEL_LINES_H
#define MODEL_LINES_H

#include "base/buf.h"
#include "base/err.h"

/* The longest line that is read. */
#define LINES_MAX ((size_t)64 << 20)

struct line {
	int64_t at;	/* offset in the file */
	size_t len;	/* without the newline */
	size_t number;	/* what an editor, or a journal, calls it */
};

struct lines {
	int fd;		/* owned; -1: none */
	char *name;	/* owned */
	struct line *items;
	size_t count, cap;
};

/* Open a regular file; no lines are known yet. */
int lines_open(const char *path, struct lines *out, struct err *);
void lines_close(struct lines *);
void lines_add(struct lines *, int64_t at, size_t len, size_t number);
/* Add all lines that are not blank. */
int lines_index(struct lines *, struct err *);
/* Read the n-th known line (from 0) into `out`. */
int lines_get(const struct lines *, size_t n, struct buf *out, struct err *);

#endif
