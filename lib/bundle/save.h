/*
 * save.h: save an agent's state and its work tree as one bundle: all of the
 * tree, or what differs from a baseline.  Its one invariant: what the bundle
 * says of a file is what was read of it, and the tree's digest is that of
 * what the bundle and its chain give back.
 *
 * A file that changes while it is read is read again, a few times; one that
 * vanished is left out.  A change of nothing but the time is no change.
 */
#ifndef BUNDLE_SAVE_H
#define BUNDLE_SAVE_H

#include "bundle/scan.h"
#include "bundle/writer.h"

/* Names of unfinished files; what a crash leaves, bundle_sweep removes. */
#define BUNDLE_TMP ".bundle-"

struct save {
	int root;			/* the workspace, an open folder */
	/* What scan_tree saw of it; digests that it lacks are filled in, and
	 * `work`.  Ready for snapshot_store then. */
	struct snapshot *tree;
	/* The parent's tree, its `work` included; NULL for a full bundle. */
	const struct snapshot *base;
	const struct writer_agent *agent;
	struct writer_options options;
	/* Told of each file and its bytes as it is done; may be NULL. */
	void (*progress)(void *arg, int64_t bytes);
	void *arg;
};

/*
 * Write the bundle to the descriptor `fd`, called `name` in messages.  Of `m`
 * the caller's part is set but `full` (set here) and the counts `deltas`,
 * `full_bytes` and `delta_bytes`, which are the parent's and are brought up
 * to date.  Nothing is synced.  Status 75 names a file that would not keep
 * still.
 */
int save_write(const struct save *, int fd, const char *name,
    struct manifest *m, struct written *out, struct err *);

/*
 * The same, durably, into the new file `name` of the folder `dir`: temporary
 * name, write, fsync, rename, fsync the folder.  On failure nothing is left.
 */
int save_file(const struct save *, int dir, const char *name,
    struct manifest *m, struct written *out, struct err *);

/* How save_file does it, for other things that are made whole: `fill` writes
 * to the descriptor. */
int save_durably(int dir, const char *name,
    int (*fill)(void *arg, int fd, struct err *), void *arg, struct err *);

/* Remove what a crash left in the folder; the caller holds the lock under
 * which bundles are written there. */
int bundle_sweep(int dir, struct err *);

/*
 * The policy: is the next bundle to be a full one?  When the deltas since the
 * last full one outweigh it, or are 63.  `m` is the parent's manifest.
 */
bool save_wants_full(const struct manifest *m);

#endif
