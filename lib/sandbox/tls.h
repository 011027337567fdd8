/*
 * tls.h: TLS over bytes that somebody else moves, by libssl, which is loaded
 * for the first session.  HTTP/1.1 only (ALPN), TLS 1.2 or later.
 */
#ifndef SANDBOX_TLS_H
#define SANDBOX_TLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct issuer;
struct tls;

/* Our side of a session: as the server `host`, or as a client that accepts
 * who proves to be `host` (a name or an address) to the system's store. */
int tls_serve(struct issuer *, const char *host, struct tls **out,
    struct err *);
int tls_connect(const char *host, struct tls **out, struct err *);
void tls_free(struct tls *);

/* Bytes that came from the other side. */
void tls_feed(struct tls *, const void *, size_t);
/*
 * Do what can be done: what was fed is appended to `in`, as long as that is
 * shorter than `room`; what is in `out` is taken; what is to be sent is
 * appended to `wire`.  -1: the session is over, and `wire` may hold an alert.
 */
int tls_step(struct tls *, struct buf *in, size_t room, struct buf *out,
    struct buf *wire, struct err *);
bool tls_ready(const struct tls *);	/* the handshake is done */
bool tls_ended(const struct tls *);	/* the other side said so */
bool tls_has_more(const struct tls *);	/* fed, and not taken for want of room */
void tls_end(struct tls *, struct buf *wire); /* say so */

#endif
