/*
 * grantverb.h: the verbs of agent-grant.  Each prints, and returns the exit
 * status; what goes wrong ends the program.  grantverb.c: what an agent may
 * do; grantask.c: what agents ask of people.
 */
#ifndef CLI_GRANTVERB_H
#define CLI_GRANTVERB_H

#include "agent/root.h"
#include "cli/opt.h"

struct grant_args {
	const struct program *program;
	bool json;
	const char *because;
	struct root *root;
};

/* Operands end with NULL; how many there may be is in the program's table. */
int grantverb_list(const struct grant_args *, char *operands[]);
int grantverb_check(const struct grant_args *, char *operands[]);

int grantask_pending(const struct grant_args *, char *operands[]);
int grantask_answer(const struct grant_args *, char *operands[]);
int grantask_approve(const struct grant_args *, char *operands[]);
int grantask_deny(const struct grant_args *, char *operands[]);

#endif
