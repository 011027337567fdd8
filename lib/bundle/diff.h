/*
 * diff.h: what differs between two trees, in order.  A tree is anything that
 * gives entries in order: a chain, or a snapshot of a live folder (whose
 * digests are known: scan_hash).
 */
#ifndef BUNDLE_DIFF_H
#define BUNDLE_DIFF_H

#include "bundle/chain.h"

/* 1 with an entry that holds until the next call, 0 at the end, -1. */
struct tree_source {
	int (*next)(void *arg, struct entry *out, struct err *);
	void *arg;
};

struct tree_source source_chain(struct chain_walk *);

struct snapshot_walk {
	const struct snapshot *snapshot;
	size_t at;
};
struct tree_source source_snapshot(struct snapshot_walk *);

enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED };

struct diff_change {
	enum diff_kind kind;
	struct entry before, after;	/* the one that is there, or both */
};

/* `{.a = …, .b = …}` is a diff at its start. */
struct diff {
	struct tree_source a, b;
	struct entry at_a, at_b;
	int more_a, more_b;
	bool started, step_a, step_b;
};

/* 1 with the next path that differs in more than its time, 0 at the end, -1.
 * What the change holds is good until the next call. */
int diff_next(struct diff *, struct diff_change *out, struct err *);

#endif
