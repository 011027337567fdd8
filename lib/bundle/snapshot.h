/*
 * snapshot.h: a work tree as it was seen: its entries in order, and of each
 * what stat(2) said, so that the next scan need not read what did not change.
 * Kept in the file `index` of an agent's folder.  That file is derived: one
 * that is missing, damaged or of another tree is as good as empty.
 */
#ifndef BUNDLE_SNAPSHOT_H
#define BUNDLE_SNAPSHOT_H

#include "bundle/entry.h"

#define SNAPSHOT_FILE "index"

struct stamp {
	uint64_t inode;
	int64_t changed;	/* ctime */
	/* The entry's digest is that of the contents with this stamp. */
	bool known;
	/* In a scan: of hard links, the index of the entry they follow. */
	size_t leader;
};

struct snapshot {
	struct entry *entry;	/* owned; sorted, "work" first */
	struct stamp *stamp;	/* owned; one an entry */
	size_t count, cap;
	uint64_t device;	/* of the tree's top */
	int64_t began;		/* when it was looked at (real) */
	struct digest work;	/* the tree's digest, as in a manifest */
	/* What the slices point into. */
	char **block;
	size_t blocks, block_cap, block_used, block_size;
};

void snapshot_free(struct snapshot *);

/* Room for one more entry; its slices are set by snapshot_keep. */
struct entry *snapshot_add(struct snapshot *, struct stamp **stamp);
/* Make room for so many at once. */
void snapshot_reserve(struct snapshot *, size_t count);
/* A copy that lives as long as the snapshot, with a NUL behind. */
struct slice snapshot_keep(struct snapshot *, const char *, size_t);

/* The entry of this path, or -1. */
ssize_t snapshot_find(const struct snapshot *, struct slice path);

/* The digest over all entries' lines (entry_tree_line). */
void snapshot_digest(const struct snapshot *, struct digest *out);

/* Read `index` in the folder `dir`; empty when there is none that is whole. */
void snapshot_load(int dir, struct snapshot *out);
/*
 * Write it.  Entries that may have changed within the clock's grain after
 * they were read are written as not known (git's racy-timestamp rule:
 * Documentation/technical/racy-git).
 */
int snapshot_store(int dir, const struct snapshot *, struct err *);

#endif
