/*
 * runopts.h: the options of agent-run(1) as one struct.
 */
#ifndef CLI_RUNOPTS_H
#define CLI_RUNOPTS_H

#include "agent/birth.h"
#include "agent/run.h"
#include "cli/opt.h"
#include "cli/policy.h"
#include "cli/schedule.h"
#include "cli/secretargs.h"
#include "cli/watch.h"

struct run_args {
	struct birth birth;	/* of a new agent; its model is that of -m */
	struct run_options run;
	struct limits limits;
	struct policy_args grants;
	struct secret_args secrets;
	char **tools;		/* absolute folders, birth.tool_count of them */
	const char *image, *resume, *root;
	enum sandbox_mode sandbox;
	enum watch_mode watch;
	int events;		/* descriptor; -1: none */
	char *goal;		/* NULL: -r without one, or --all */
	bool all;
	struct schedule schedule; /* --all */
};

/* The program, for die_usage. */
extern const struct program runopts_program;

/* Read them all, and the goal (from stdin when it is "-"); what cannot be used
 * ends the program. */
void runopts_parse(int argc, char *argv[], struct run_args *out);

#endif
