/*
 * restoreapply.h: bring a workspace from one tree to another, path by path.
 * Its one invariant: nothing is replaced or removed but what stands there as
 * the plan says; whatever else is there is a conflict, reported and left.  May
 * be begun again at any time: what is done already is passed over.
 */
#ifndef AGENT_RESTOREAPPLY_H
#define AGENT_RESTOREAPPLY_H

#include "agent/restoreplan.h"

struct conflict {
	char *path;	/* owned; without "work/" */
	char *why;	/* owned */
};

struct conflicts {
	struct conflict *item;	/* owned */
	size_t count, cap;
};

void conflicts_free(struct conflicts *);
void conflicts_add(struct conflicts *, const char *path, const char *why);

/*
 * Do what the plan says in the workspace open as `work`, with the files staged
 * in its folder `name` (which may be gone), and sync it.  -1, status 74, when
 * it is to be tried again; what cannot be done is a conflict.
 */
int restoreplan_apply(const struct restoreplan *, int work, const char *name,
    struct conflicts *, struct err *);

#endif
