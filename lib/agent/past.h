/*
 * past.h: where a fold finds earlier records again (state.h), for those who
 * fold an agent's journal.
 */
#ifndef AGENT_PAST_H
#define AGENT_PAST_H

#include "agent/state.h"

/* The journal in the folder `dir`, whose first record follows `first`.  Both
 * `root` and `dir` are borrowed. */
struct state_past past_of_journal(struct root *, int dir,
    const struct digest *first);

#endif
