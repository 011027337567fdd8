/*
 * grantverb.h: the verbs of agent-grant.  Each prints, and returns the exit
 * status; what goes wrong ends the program.  grantverb.c, grantdelegate.c: to
 * give and take; grantlist.c: what an agent may do; grantask.c: the answers to what agents ask of people; grantshow.c: what
 * they ask.
 */
#ifndef CLI_GRANTVERB_H
#define CLI_GRANTVERB_H

#include "agent/order.h"
#include "cli/opt.h"

struct grant_args {
	const struct program *program;
	bool json;
	const char *because;
	const char *key;	/* a person's secret key; NULL: the root's */
	int64_t wait;		/* ns for a running agent to take a command */
	/* which requests, without operands; agent, tool: only these */
	bool all;
	const char *agent, *tool;
	const char *args;	/* check: JSON of a call's arguments */
	/* how far an approval goes */
	int64_t uses, for_ns;
	bool always;
	const char *as;
	bool watch;
	struct root *root;
};

#define GRANT_WAIT (30 * CLOCK_SECOND)

/* Make a command of these members, sign and commit it.  The caller frees
 * `*out`, which is empty after a failure to make it. */
int grantverb_order(const struct grant_args *, const char *agent,
    const char *verb, struct slice members, struct order *out, struct err *);
/* The same; dies when it was not taken. */
void grantverb_commit(const struct grant_args *, const char *agent,
    const char *verb, struct slice members, struct order *out);

/* Operands end with NULL; how many there may be is in the program's table. */
int grantverb_give(const struct grant_args *, char *operands[]);
int grantverb_delegate(const struct grant_args *, char *operands[]);
int grantverb_keygen(const struct grant_args *, char *operands[]);
int grantverb_revoke(const struct grant_args *, char *operands[]);
int grantverb_list(const struct grant_args *, char *operands[]);
int grantverb_check(const struct grant_args *, char *operands[]);

int grantshow_pending(const struct grant_args *, char *operands[]);
int grantshow_request(const struct grant_args *, char *operands[]);

int grantask_answer(const struct grant_args *, char *operands[]);
int grantask_approve(const struct grant_args *, char *operands[]);
int grantask_deny(const struct grant_args *, char *operands[]);

#endif
