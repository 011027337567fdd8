/*
 * framing.h: where the body of an HTTP/1 message ends (RFC 9112, section 6),
 * taken apart and put together again.
 */
#ifndef SANDBOX_FRAMING_H
#define SANDBOX_FRAMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum framing_kind {
	FRAMING_NONE,	 /* no body */
	FRAMING_LENGTH,	 /* `left` bytes */
	FRAMING_CHUNKED,
	FRAMING_CLOSE	 /* all until the connection ends */
};

struct framing {
	enum framing_kind kind;
	uint64_t left;	/* bytes of the body, or of this chunk */
	bool done;
	int state;	/* of the chunks' reader */
	size_t line;	/* bytes of this line; of all trailers */
};

/* Append what `data` holds of the body to `out`: how many bytes were taken
 * (all, or up to its end), or -1 for bad chunks. */
ssize_t framing_decode(struct framing *, const char *data, size_t,
    struct buf *out);

/* Append a piece of a body that goes out in this way. */
void framing_encode(const struct framing *, const char *, size_t,
    struct buf *out);
/* Its end. */
void framing_encode_end(const struct framing *, struct buf *out);

#endif
