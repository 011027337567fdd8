/*
 * network.h: empty network namespaces, without even a loopback that is up.
 * Making one takes longer than all the rest of a spawn, so they are kept: one
 * in which every process is gone holds no state (without capabilities nothing
 * in it can be configured), and serves the next call.
 *
 * Invariant: two calls that live at the same time never share one.
 */
#ifndef SANDBOX_NETWORK_H
#define SANDBOX_NETWORK_H

#include <stdint.h>

#include "base/err.h"

struct network {
	int ns;   /* the namespace */
	int call; /* pidfd of the last call's init; -1: none yet */
};

struct network_pool {
	struct network *list;
	size_t count, cap;
	size_t current; /* the one that this process is in, or... */
};

/* ...none of the list: before the first, and after one of its own. */
#define NETWORK_NONE SIZE_MAX

/* Enter one that no living call is in; make it when there is none. */
int network_enter(struct network_pool *, struct err *);
/* Enter a new one for one call alone, which is never used again: connections
 * leave traces.  Its loopback is up, and `*listener` accepts what connects to
 * 127.0.0.1 at that port. */
int network_enter_own(struct network_pool *, unsigned port, int *listener,
    struct err *);
/* A call was made in the current one; the descriptor is the pool's now. */
void network_take_call(struct network_pool *, int pidfd);

#endif
