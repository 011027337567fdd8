/*
 * turn.h: what an agent does next: a pure function of its state.  The runner
 * performs the action and appends its records; a replay compares them.
 */
#ifndef AGENT_TURN_H
#define AGENT_TURN_H

#include "agent/state.h"

enum action_kind {
	ACT_MODEL,	/* record a model call and send it */
	ACT_RESEND,	/* a model call is open: send it again */
	ACT_TOOLS,	/* decide, record and make the calls from..to */
	ACT_RECOVER,	/* a tool call is open that this run did not start */
	ACT_WAIT,	/* for a human, an agent, mail or a time: exit 75 */
	ACT_EXIT	/* the run ends */
};

struct action {
	enum action_kind kind;
	size_t from, to;		/* ACT_TOOLS: calls [from, to) */
	enum agent_status state;	/* ACT_EXIT, ACT_WAIT */
	int status;			/* exit status */
	const char *why;		/* one line; "" when all is well */
};

/* Replies, or turns of calls, in a row that were of no use. */
#define BAD_STREAK_MAX 5

/*
 * `alone` tells for each call of the state whether it must be made alone (it
 * may change something); a run of others is made in parallel.
 */
void turn_next(const struct state *, bool (*alone)(const void *,
    const struct call *), const void *arg, struct action *out);

#endif
