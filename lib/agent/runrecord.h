/*
 * runrecord.h: the records of a run as a whole: that it began and with what,
 * what its bundles leave out, and how it ended.  Each is staged, and durable
 * with the next commit.
 */
#ifndef AGENT_RUNRECORD_H
#define AGENT_RUNRECORD_H

#include "agent/runner.h"

int runrecord_wake(struct runner *, struct err *);
/* New limits, and a goal, when the run brings any. */
int runrecord_limits(struct runner *, struct err *);
int runrecord_goal(struct runner *, struct err *);

/* What a bundle leaves out (`paths`, or NULL) is said once in a run, and
 * whenever it changes. */
int runrecord_withheld(struct runner *, const char *paths, struct err *);

/* The runner, which knows what its calls spent, is NULL when none runs. */
int runrecord_exit(struct session *, const struct runner *, const struct run_end *, struct err *);

#endif
