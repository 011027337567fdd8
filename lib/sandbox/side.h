/*
 * side.h: one end of a proxied connection: a socket that does not block, what
 * came from it and what is to go to it, through TLS or not.
 *
 * Invariant: no buffer grows much beyond SIDE_ROOM: who does not read is not
 * read from.
 */
#ifndef SANDBOX_SIDE_H
#define SANDBOX_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sandbox/tls.h"

#define SIDE_ROOM ((size_t)64 << 10)

struct side {
	int fd;			/* -1: none yet */
	struct tls *tls;	/* NULL: bytes as they are */
	struct buf in, out;	/* received; to be sent */
	struct buf wire;	/* with TLS: `out`, encrypted */
	bool ended;		/* no more will come */
	bool shut;		/* we said that no more will go */
	bool failed;		/* `why` says how */
	char why[160];
	uint64_t received, sent;
};

void side_init(struct side *, int fd);
void side_free(struct side *);
/* What was received so far was TLS, which begins here. */
void side_secure(struct side *, struct tls *take);

/* What to wait for, a set of POLLIN and POLLOUT. */
short side_events(const struct side *);
/* Read and write what can be; `revents` as poll(2) told. */
void side_move(struct side *, short revents);
/* Take up what was put into `out` or taken from `in`. */
void side_step(struct side *);

bool side_has_room(const struct side *);  /* to be sent more */
bool side_is_flushed(const struct side *);
void side_shut(struct side *); /* once all is sent: tell that it is the end */

#endif
