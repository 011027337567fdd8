/*
 * rerun.h: calls without effects made again, and held against what was
 * recorded of them.  Only an agent's calls since the last that could change
 * something are comparable: of files as they were before, no copy is at hand
 * here.
 */
#ifndef AUDIT_RERUN_H
#define AUDIT_RERUN_H

#include "audit/source.h"

struct rerun_result {
	int64_t same, differ;
	int64_t stale;	/* not comparable: the files may be others since, or
			   what allowed it is gone */
	int64_t first;	/* the record of the first that differs; 0 */
};

/*
 * Make the calls of built-in tools again, in the sandbox, under the grants
 * that the agent has now.  Nothing is recorded.  Status 66 when the workspace
 * is not there.
 */
int rerun(struct source *, struct launcher *, struct rerun_result *,
    struct err *);

#endif
