/*
 * joinmerge.h: what a join does to a workspace: three trees, as they were at
 * the fork, as the child left its own, and as the parent's is, made one.
 * Pure: the same trees give the same plan.
 *
 * Invariants: what only the child changed becomes as the child has it; what
 * the parent changed stays; and what both changed, not in the same way, stays
 * as the parent has it, is listed, and the child's version is put beside it
 * under a name that nothing has.
 */
#ifndef AGENT_JOINMERGE_H
#define AGENT_JOINMERGE_H

#include "agent/restoreplan.h"

struct joinconflict {
	char *path;		/* owned; as people write it */
	char *beside;		/* where the child's version goes, or NULL */
	char *why;		/* owned */
};

struct joinmerge {
	/* In `before`, the stamps of what is put beside something are
	 * `known`. */
	struct restoreplan plan;
	struct joinconflict *conflict;	/* owned; sorted by path */
	size_t conflict_count, conflict_cap;
};

void joinmerge_free(struct joinmerge *);
void joinmerge_conflict(struct joinmerge *, const char *path,
    const char *beside, const char *why);

/* Merges what both changed of one file. */
struct jointexts {
	/* 1: `out` is the merged text; 0: it is a conflict, `*why` (static)
	 * says so; -1. */
	int (*merge)(void *arg, const struct entry *base,
	    const struct entry *ours, const struct entry *theirs,
	    struct buf *out, const char **why, struct err *);
	void *arg;
};

/* Of `theirs`, stamps hold the layers (chain_tree).  `label` is a part of the
 * names that are put beside others: NAME.LABEL.theirs.  Fails only where
 * `texts` does. */
int join_merge(const struct snapshot *base, const struct snapshot *ours,
    const struct snapshot *theirs, const char *label, const struct jointexts *,
    struct joinmerge *out, struct err *);

#endif
