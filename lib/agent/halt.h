/*
 * halt.h: a person's signal to an agent, the command `signal`: its member
 * "signal" is pause, resume, stop or kill.
 *
 *   pause   the agent is not run, and a run ends at its next decision, until
 *           it is resumed
 *   stop    a run ends at its next decision; the agent can be gone on with
 *   kill    a run ends now, calls under way with it, and the agent is not run
 *           any more
 */
#ifndef AGENT_HALT_H
#define AGENT_HALT_H

#include "agent/order.h"

/* Is it one of them? */
bool halt_known(const char *signal);

/* Commit one, as order_commit does.  Status 64 it is none, 1 the agent was
 * killed. */
int halt_send(struct root *, const char *agent, const char *signal,
    int64_t deadline, struct err *);

/* Does this command end what is under way? */
bool halt_is_urgent(const struct order *);

/* The verb. */
int halt_apply(struct session *, const struct order *, struct err *);

#endif
