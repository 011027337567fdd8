/*
 * ckptprune.h: fewer bundles of the same agent.  Its one invariant: what is
 * kept can be restored and proved at every moment; records and blobs of what
 * goes are folded into what stays.
 */
#ifndef AGENT_CKPTPRUNE_H
#define AGENT_CKPTPRUNE_H

#include "agent/ckpt.h"

/* What stays: the newest bundles, the newest of each of the last days (UTC)
 * that have some, those of these seqs, and of the others each so many-th,
 * counting what was folded before.  The newest of all stays in any case. */
#define PRUNE_ALSO ((size_t)256)
struct prune_policy {
	int64_t keep, daily, each; /* each 0: none */
	int64_t also[PRUNE_ALSO];
	size_t also_count;
};

struct prune_step {
	int64_t seq;
	int64_t into;  /* the bundle that it is folded into; itself: stays */
	int64_t bytes; /* of its file, before */
};

/*
 * Prune the bundles in the folder `dir`.  With `key` NULL nothing is done.
 * `told` (or NULL) gets every bundle, oldest first, before anything is done.
 * The caller holds the agent's lock.
 */
int
ckpt_prune(int dir, const struct prune_policy *, const struct sign_secret *key,
    void (*told)(void *arg, const struct prune_step *), void *arg,
    struct err *);

/* The same for an agent opened to write: the newest `keep` stay, and of older
 * ones each eighth. */
int ckpt_thin(struct session *, int64_t keep, struct err *);

#endif
