/*
 * stream.h: what a call prints, bounded: both ends are kept, the middle is
 * counted.  For this folder only.
 */
#ifndef TOOL_STREAM_H
#define TOOL_STREAM_H

#include "tool/tool.h"

/* Takes `fd`, which must not block; -1: nothing will come. */
void stream_init(struct tool_stream *, int fd, size_t keep);
void stream_free(struct tool_stream *);

/* Keep a piece of it. */
void stream_add(struct tool_stream *, const char *, size_t);
/* Take what can be had at once, at most about 1 MiB of it; closes at the
 * end. */
void stream_read(struct tool_stream *);

/* Append it as UTF-8 text: bad bytes and NULs become U+FFFD, and where more
 * came than is kept, a line says how much is left out. */
void stream_text(const struct tool_stream *, struct buf *out);
/* The same for any bytes. */
void text_clean(struct buf *out, const char *, size_t);

#endif
