/*
 * execopts.h: the options of agent-exec(1) as one struct.
 */
#ifndef CLI_EXECOPTS_H
#define CLI_EXECOPTS_H

#include "cli/env.h"
#include "cli/opt.h"
#include "cli/policy.h"
#include "cli/secretargs.h"
#include "sandbox/sandbox.h"

struct exec_args {
	struct policy_args grants;
	struct policy policy;	/* that they make */
	enum sandbox_mode mode;
	char *workspace;	/* a real path */
	int64_t timeout;	/* nanoseconds; CLOCK_NEVER */
	int status_fd;		/* of --json-status; -1: none */
	struct env_args env;
	struct spawn_limits limits;
	struct secret_args secrets;	/* named, and not yet read */
};

/* Read them all; what cannot be used ends the program.  Returns the command,
 * which NULL ends. */
char **exec_args_parse(int argc, char *argv[], struct exec_args *out);
void exec_args_free(struct exec_args *);

#endif
