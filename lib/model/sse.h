/*
 * sse.h: server-sent events (WHATWG HTML, 9.2), taken from a stream that may
 * be cut anywhere: LF, CRLF or CR ends a line, `data` may have several lines,
 * a byte order mark at the start is skipped.  What an event may hold is
 * bounded.  Private to lib/model.
 */
#ifndef MODEL_SSE_H
#define MODEL_SSE_H

#include <stdbool.h>

#include "base/buf.h"

struct sse {
	struct buf line;	/* the one that is not whole yet */
	struct buf data;
	char event[64];		/* a longer name is nobody's: cut */
	bool after_cr;		/* an LF now belongs to the line before */
	bool started;		/* the byte order mark is behind us */
	bool has_data;
};

/* `event` returns 0 to go on; anything else ends sse_feed, which returns it. */
struct sse_handler {
	int (*event)(void *arg, const char *event, struct slice data);
	void *arg;
};

void sse_init(struct sse *, size_t max);
void sse_free(struct sse *);

enum { SSE_TOO_LARGE = -2 };

/* Take some bytes: 0, what the handler returned, or SSE_TOO_LARGE. */
int sse_feed(struct sse *, const char *, size_t, const struct sse_handler *);
/* The stream ended well: an event that lacks only its empty line counts (the
 * standard drops it, but servers forget that line). */
int sse_end(struct sse *, const struct sse_handler *);

#endif
