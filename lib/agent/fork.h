/*
 * fork.h: make children of an agent.  Each goes on from a record of its
 * parent's as another agent, with a workspace of its own that is a copy, and
 * with at most its parent's authority; nothing of the history is copied.
 *
 * They are prepared in agents/.new/ID, and one record of the parent's, `fork`,
 * is what makes all of them agents; then they get their places.  Who opens the
 * parent next to write finishes that, or takes away what was never recorded.
 *
 * Invariant: all children of a fork are there, whole, once the parent's record
 * is durable, and none is before.
 */
#ifndef AGENT_FORK_H
#define AGENT_FORK_H

#include "agent/order.h"
#include "agent/session.h"

#define FORK_MOST   1000		/* children of one fork */
#define FORK_INDEX  "fork.jsonl"	/* the workspace at the point, as an
					   index of a bundle has it */

struct fork {
	size_t count;			/* 1 to FORK_MOST */
	char (*ids)[ULID_TEXT];		/* theirs: new ones; borrowed */
	const char *name;		/* of one; of several: NAME-1, NAME-2,
					   …; or NULL */
	const char *goal;		/* said first; or NULL */
	const char *from;		/* who says so: "user", or an agent */
	unsigned labels;		/* of the goal */
	const struct policy *policy;	/* narrows; NULL: what the parent has */
	struct limits limits;		/* of each, reserved of the parent's:
					   what is not set is a share of what
					   is left, allot_share */
	int64_t at;			/* go on from this record, of which the
					   agent has a bundle; 0: from now */
	const char *call;		/* the call that asks for it, which is
					   open; or NULL */
	const char *command;		/* nonce of the command that does; or
					   NULL */
};

/* New ids, in their order; the caller frees them. */
void fork_ids(size_t count, char (**out)[ULID_TEXT]);

/*
 * Prepare the children and stage the record: it is for the caller to commit
 * soon.  What a commit does not come to is taken away by the next opening.
 * No call may be in flight.  Status 64, 73, 75 a file of the workspace would
 * not keep still, 77 more authority than the parent's, or
 * narrowed too often (state_has_layer), 79 more than its limits
 * leave, 66 nothing has the files of the record `at`.
 */
int fork_agents(struct session *, const struct fork *, struct err *);

/*
 * The same as a command (order.h), for the agent `agent`, running or not:
 * {"ids":[…],"name","goal","at":SEQ,"grants":[LINE…],"base","limits":{…}}.
 */
int fork_order_make(const struct root *, const char *agent,
    const struct fork *, struct order *out, struct err *);
int fork_order(struct session *, const struct order *, struct err *);

/*
 * Give what is recorded its place and take away what is not: of this parent's
 * children in agents/.new.  The caller holds the parent's lock, and nothing of
 * it is staged.
 */
int fork_settle(struct session *, struct err *);

/* Is what is prepared below this name a child that its parent settles?  Then
 * it was, or somebody is at it, and it is to be left alone. */
bool fork_left(struct root *, const char *id);

/* Is `g` no more than what the session's agent may, and does not run out?
 * Status 77. */
int fork_within(const struct session *, const struct grant *, struct err *);

#endif
