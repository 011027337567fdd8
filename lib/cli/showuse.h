/*
 * showuse.h: what an agent used, and what its limits leave.
 */
#ifndef CLI_SHOWUSE_H
#define CLI_SHOWUSE_H

#include "agent/state.h"

/* The members turns, usage, cost, limits and left. */
void showuse_json(struct jsonw *, const struct state *);
/* "3 turns, 1.2k tokens, 9s cpu"; "-": it has no limits. */
void showuse_left(const struct state *, struct buf *out);

#endif
