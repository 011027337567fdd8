/*
 * forkjoin.h: agent-fork's joins.
 */
#ifndef CLI_FORKJOIN_H
#define CLI_FORKJOIN_H

#include "agent/join.h"
#include "cli/opt.h"

struct join_args {
	const struct program *program;
	const char *child;	/* --join; NULL: children are picked from */
	const char *into;	/* the parent, as it is called; NULL: whoever
				   that is */
	bool json;
	struct root *root;
};

/* Join one child, and print what came of it; the exit status. */
int forkjoin_one(const struct join_args *);
/* The same of `child`, an id, with its files of the bundle of record `at` (0:
 * as they are). */
int forkjoin_child(const struct join_args *, const char *parent,
    const char *child, int64_t at);

#endif
