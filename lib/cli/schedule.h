/*
 * schedule.h: agent-run --all: goes on with the agents of a root, each in a
 * process of its own.
 */
#ifndef CLI_SCHEDULE_H
#define CLI_SCHEDULE_H

#include "agent/root.h"
#include "cli/watch.h"

#define JOBS_MOST 1000

struct schedule {
	bool due;		/* only those that have something to do */
	bool until_idle;	/* again, until none has */
	int64_t jobs;		/* at a time; 0: as many as there are
				   processors */
	enum watch_mode watch;
	char **pass;		/* options for each run */
	size_t pass_count, pass_cap;
	int stop_fd;
};

/* The exit status, as agent-run(1) has it. */
int schedule_run(struct root *, const struct schedule *);

#endif
