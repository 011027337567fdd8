/*
 * head.h: the heads of HTTP/1 messages (RFC 9112), read strictly: what two
 * readers could take in two ways is refused, so that a request cannot hide in
 * another.  Written again from what was read, never copied.
 */
#ifndef SANDBOX_HEAD_H
#define SANDBOX_HEAD_H

#include <stdbool.h>

#include "base/buf.h"
#include "sandbox/framing.h"

#define HEAD_MOST   ((size_t)64 << 10) /* bytes */
#define HEAD_FIELDS 128

struct head_field {
	struct slice name, value;
};

/* Borrows the bytes that it was read from. */
struct head {
	struct slice method, target;	/* of a request */
	unsigned status;		/* of a reply, 100 to 599 */
	bool old;			/* HTTP/1.0 */
	struct head_field fields[HEAD_FIELDS];
	size_t count;
	size_t len;			/* bytes of it, its empty line too */
};

enum head_end { HEAD_MORE, HEAD_OK, HEAD_BAD, HEAD_LONG };

enum head_end head_read_request(const char *, size_t, struct head *out);
enum head_end head_read_reply(const char *, size_t, struct head *out);

bool slice_is(struct slice, const char *text);	/* without regard to case */
/* The only field of that name; NULL: none, `*again` set: several. */
const struct head_field *head_find(const struct head *, const char *name,
    bool *again);

/* How the body is framed; -1 when that could be read in two ways. */
int head_request_body(const struct head *, struct framing *out);
int head_reply_body(const struct head *, bool to_head_request,
    struct framing *out);

/* Where a request goes.  `host` is "host:port" as written, with the scheme's
 * port where there is none; `path` is what remains. */
struct head_target {
	char host[300];
	struct slice path;
	bool bare;	/* the path lacks the slash it begins with */
};
/* CONNECT's host:port; an absolute http: URL; -1: neither.  No user's name,
 * no scheme but http. */
int head_connect_target(const struct head *, struct head_target *out);
int head_absolute_target(const struct head *, struct head_target *out);

/* What is sent in its place.  Fields about one connection go, `host` is the
 * Host; with `credential` ("Name: value") a field of its name is replaced, and
 * the body may not come compressed. */
void head_write_request(const struct head *, const struct head_target *,
    const struct framing *, const char *host, const char *credential,
    struct buf *out);
/* A reply, whose body is framed anew as `body`; NULL: as it was. */
void head_write_reply(const struct head *, const struct framing *body,
    struct buf *out);

#endif
