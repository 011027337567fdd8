/*
 * spend.h: what calls take of an agent's limits while they run, and how their
 * records say it.  For the runner.
 */
#ifndef AGENT_SPEND_H
#define AGENT_SPEND_H

#include "agent/runner.h"

/* When the time that is left now will be over. */
void spend_deadline(struct runner *);
/* See what the calls under way took, when there is a limit of it: beyond what
 * is left, they are told to end as at a deadline. */
void spend_look(struct runner *, struct tool_run *runs[], size_t n);
/* A call was cancelled and stays without a result: what it took is recorded
 * with the run's exit. */
void spend_lost(struct runner *, const struct tool_run *);

/* Members of a result, and the exit's "lost". */
void spend_write(struct jsonw *, const struct runner *,
    const struct account *took);
void spend_write_lost(struct jsonw *, const struct runner *);

#endif
