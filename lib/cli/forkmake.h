/*
 * forkmake.h: agent-fork's children.
 */
#ifndef CLI_FORKMAKE_H
#define CLI_FORKMAKE_H

#include "agent/fork.h"
#include "cli/forkjoin.h"
#include "cli/policy.h"

struct make_args {
	struct fork fork;
	struct policy_args grants;
	const char *goal;	/* "-": from the standard input; or NULL */
	const char *at;		/* a record's number, or a bundle; or NULL */
};

/* Make children of the agent that `name` means, and print their ids; or
 * exit.  Of `how` the root, the time to wait, and whether to print JSON. */
void forkmake(struct make_args *, const struct join_args *how,
    const char *name);

#endif
