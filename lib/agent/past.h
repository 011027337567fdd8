/*
 * past.h: where a fold finds earlier records again (state.h), for those who
 * fold an agent's journal.
 */
#ifndef AGENT_PAST_H
#define AGENT_PAST_H

#include "agent/state.h"

/* The journals of the agent whose folder is `dir`, its ancestors' too.  Both
 * `root` and `dir` are borrowed. */
struct state_past past_of_journal(struct root *, int dir);

#endif
