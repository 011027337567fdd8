/*
 * policy.h: -g FILE, --allow LINE and --deny LINE of several programs.
 */
#ifndef CLI_POLICY_H
#define CLI_POLICY_H

#include "grant/grant.h"

struct policy_args {
	const char *effect[64];	/* "": the value is a file; "allow", "deny" */
	const char *value[64];
	size_t count;
};

/* Remember one option, in order. */
void policy_arg(struct policy_args *, const char *effect, const char *value);

/* The policy that they make; exits with status 66 or 78 when it is bad.
 * Without a file: the profile base, and the workspace read-write. */
void policy_args_build(const struct policy_args *, struct policy *out);

#endif
