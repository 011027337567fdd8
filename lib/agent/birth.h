/*
 * birth.h: make an agent.  It is prepared out of sight and appears whole: by
 * one rename, after all that it holds is synced.
 */
#ifndef AGENT_BIRTH_H
#define AGENT_BIRTH_H

#include "agent/info.h"
#include "grant/grant.h"

struct birth {
	const char *name;		/* or NULL */
	const char *model;		/* spec */
	const char *system;		/* system prompt; or NULL */
	const char *goal;
	unsigned labels;		/* of the goal */
	const char *image;		/* digest of the image's bytes; or NULL */
	struct limits limits;
	const struct policy *policy;
	const char *workspace;		/* absolute; NULL: one of its own */
	char *const *asks;		/* grants that the image asks for */
	size_t ask_count;
	bool copy;			/* its own is a copy of `workspace` */
	char *const *tools;		/* absolute folders */
	size_t tool_count;
};

/* Status 73 cannot be made (or the name is taken), 66 no such workspace, 77
 * it lies in the root. */
int birth_agent(struct root *, const struct birth *, char id[ULID_TEXT],
    struct err *);

/* Give a prepared agent, agents/.new/ID, its place; a name (or NULL) must be
 * free.  Status 73. */
int birth_publish(struct root *, const char *id, const char *name,
    struct err *);

/* Are these names that may be given, and nobody's yet?  The caller holds the
 * root's lock, "lock".  Status 64, 73. */
int birth_check_names(struct root *, char *const *names, size_t count,
    struct err *);

/* Remove what agents that were never born left in agents/.new. */
void birth_sweep(struct root *);

#endif
