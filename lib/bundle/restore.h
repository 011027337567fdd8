/*
 * restore.h: the work tree of a chain as a new folder.  Its one invariant: the
 * folder is whole, proved and synced, or it is not there.
 *
 * Nothing is written outside of it, whatever the bundles hold: every path's
 * folders are made here, no link is followed, devices are not made, and set-id
 * bits are not kept.
 */
#ifndef BUNDLE_RESTORE_H
#define BUNDLE_RESTORE_H

#include "bundle/chain.h"

struct restore_options {
	size_t max_files;	/* 0: 10 million */
	int threads;		/* 0: one a processor */
	/* Leave out the syncs, for what the caller will sync, or compare. */
	bool no_sync;
	/* Told of each entry that is recorded only (sockets, fifos, devices,
	 * mounts); may be NULL. */
	void (*omitted)(void *arg, const struct entry *);
	/* Told of bytes as they are written, by one thread at a time; may be
	 * NULL. */
	void (*progress)(void *arg, int64_t bytes);
	void *arg;
};

/*
 * Make the folder `name` (one component) in `dir`, staged beside it under a
 * temporary name (BUNDLE_TMP, which bundle_sweep knows).  Status 73 when the
 * name is taken.
 */
int restore_tree(struct chain *, int dir, const char *name,
    const struct restore_options *, struct err *);

/* The same into the empty folder open as `to`, without staging, for a caller
 * that stages by itself; its own mode and time are set, too. */
int restore_into(struct chain *, int to, const struct restore_options *,
    struct err *);

/* The same of a part of the chain's tree, as chain_tree gave it: "work", and
 * with each path the folders it lies in. */
int restore_some(struct chain *, const struct snapshot *part, int to,
    const struct restore_options *, struct err *);

#endif
