/*
 * forkjoin.h: agent-fork's joins.
 */
#ifndef CLI_FORKJOIN_H
#define CLI_FORKJOIN_H

#include "agent/join.h"
#include "cli/opt.h"
#include "sandbox/sandbox.h"

struct join_args {
	const struct program *program;
	const char *child;	/* --join; NULL: children are picked from */
	const char *into;	/* the parent, as it is called; NULL: whoever
				   that is */
	int64_t wait;		/* for a parent that runs */
	bool json, pick;
	const char *check;	/* a command that tells good work from bad */
	int64_t jobs;		/* so many at a time; 0: one a processor */
	const char *sandbox;	/* as the option has it; or NULL */
	enum sandbox_mode mode;	/* the same */
	const char *root_name;	/* as the option has it; or NULL */
	struct root *root;
};

/* Join one child, and print what came of it; the exit status. */
int forkjoin_one(const struct join_args *);
/* The same of `child`, an id, with its files of the bundle of record `at` (0:
 * as they are). */
int forkjoin_child(const struct join_args *, const char *parent,
    const char *child, int64_t at);

/* forkpick.c: run the check in a copy of a child's workspace, with the child's
 * authority; the exit status. */
int forkpick_check(const struct join_args *, struct launcher *,
    const char *child);
/* Check all of these, or all of a parent's that were not joined, join the
 * first that is good, and print how each one did. */
int forkpick(const struct join_args *, char *const *children, size_t count);

#endif
