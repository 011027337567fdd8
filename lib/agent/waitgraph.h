/*
 * waitgraph.h: who waits for whom, and which of them wait for ever: for agents
 * that all, in the end, wait for each other, without a time limit, mail or a
 * question to people that could wake one of them.
 */
#ifndef AGENT_WAITGRAPH_H
#define AGENT_WAITGRAPH_H

#include "agent/state.h"

struct waitnode {
	char id[ULID_TEXT];
	struct wait **waits;	/* that nothing but agents' ends ends */
	size_t count, cap;
	bool borrowed;		/* they are somebody else's */
	bool stuck;
};

struct waitgraph {
	struct waitnode *node;	/* sorted by id once waitgraph_solve ran */
	size_t count, cap;
	int64_t ahead;		/* a wait that has a time limit counts when it
				   lasts until then; 0: none counts */
};

/* Add an agent, whose waits are taken out of its state; one that does not
 * wait for agents alone is left out. */
void waitgraph_take(struct waitgraph *, const char *id, struct state *);
/* Add, first, an agent that would wait like this; `w` is borrowed.  When it has
 * a time limit, those of others count that last half as long. */
void waitgraph_suppose(struct waitgraph *, const char *id,
    const struct wait *w);
/* Mark those that are stuck; how many. */
size_t waitgraph_solve(struct waitgraph *);
const struct waitnode *waitgraph_find(const struct waitgraph *,
    const char *id);
/* "A waits for B waits for A", from a stuck one on; the caller frees it. */
char *waitgraph_ring(const struct waitgraph *, const struct waitnode *);
void waitgraph_free(struct waitgraph *);

#endif
