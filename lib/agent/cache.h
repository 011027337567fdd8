/*
 * cache.h: the folded state as it was at the last stop, so that opening an
 * agent costs what is new, not what is old.  Derived: it may be deleted, and
 * one that does not fit the journal is not used.
 */
#ifndef AGENT_CACHE_H
#define AGENT_CACHE_H

#include "agent/state.h"
#include "journal/reader.h"

#define CACHE_FILE "state"

/* Write the state at `mark` to the agent's folder; losing it loses nothing. */
int cache_save(int dir, const struct state *, const struct journal_mark *,
    struct err *);

/*
 * Load it: 1 with the state and its mark, 0 when there is none of use.  With
 * `brief` the conversation is left out (agent-ps).  `s` must
 * be as state_init makes it, and is so again when 0 is returned.
 */
int cache_load(int dir, bool brief, struct state *, struct journal_mark *);
/* The same without conversation and authority: how an agent stands. */
int cache_glance(int dir, struct state *, struct journal_mark *);

#endif
