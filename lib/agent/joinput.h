/*
 * joinput.h: what joinmerge.c decides of each path, as a plan and a list of
 * conflicts.
 */
#ifndef AGENT_JOINPUT_H
#define AGENT_JOINPUT_H

#include "agent/joinmerge.h"
#include "agent/jointree.h"

extern const char joinput_withheld[];	/* why a path is a conflict */

/* One path in the three trees. */
struct three {
	size_t base, ours, theirs;
};

struct joinpair {
	struct entry before, after;
	size_t layer;
	struct buf *made; /* the contents, when no bundle has them */
	bool beside;
};

struct merging {
	struct jointree base, ours, theirs;
	const struct snapshot *is, *want; /* the last two, whole */
	const char *label;
	const struct jointexts *texts;
	struct joinpair *pair;
	size_t count, cap;
	struct snapshot names; /* keeps paths that are in no tree */
	struct joinmerge *out;
};

void merging_free(struct merging *);

/* Either is NULL: nothing is there. */
struct joinpair *joinput_pair(struct merging *, const struct entry *before,
    const struct entry *after, size_t layer);
/* A conflict whose child's version stays where it is. */
void joinput_list(struct merging *, struct slice path, const char *why);
/* What the parent has stays, what the child has goes beside it: is anything
 * there then? */
bool joinput_conflict(struct merging *, struct three, const char *why);
/* Only the child changed it, and all below it: likewise. */
bool joinput_take(struct merging *, struct three);
/* Give all of it to `out`, in order. */
void joinput_finish(struct merging *);

#endif
