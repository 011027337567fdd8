/*
 * place.h: where in a JSON value something is, for messages: a JSON pointer
 * (RFC 6901) kept as a chain of frames on the stack, so that nothing is built
 * unless there is something to say.
 */
#ifndef TOOL_PLACE_H
#define TOOL_PLACE_H

#include "base/buf.h"
#include "base/err.h"

struct place {
	const struct place *up;	/* NULL at the root */
	const char *key;	/* a member's name; or NULL and */
	size_t index;		/* an element's number */
};

/* Append the pointer ("/a/0", nothing for the root), cut where it is long,
 * safe to show. */
void place_print(const struct place *, struct buf *out);

/* Fill `e` with "PLACE: message", status 65.  Returns -1. */
int place_error(const struct place *, struct err *e, const char *fmt, ...)
    PRINTF(3, 4);

#endif
