/*
 * scan.h: look at a work tree.  Nothing is read but names, links and what
 * stat(2) says; contents only in scan_hash.  Other mounts are not entered,
 * one folder (the root of all agents) and what .agentignore names are left
 * out, sockets, fifos and devices are entries without contents.
 */
#ifndef BUNDLE_SCAN_H
#define BUNDLE_SCAN_H

#include "bundle/snapshot.h"

struct scan_options {
	/* The tree as last seen, for its digests; or NULL. */
	const struct snapshot *old;
	/* A folder to leave out; 0: none. */
	uint64_t skip_device, skip_inode;
	/* It will be saved: what that takes is loaded meanwhile. */
	bool to_save;
};

/*
 * Scan the folder open as `root`.  Entries whose digest is not known yet are
 * `known` false.  Status 77 or 74 names what cannot be read, 65 a path that
 * is longer than ENTRY_PATH_MAX.
 */
int scan_tree(int root, const struct scan_options *, struct snapshot *out,
    struct err *);

/* Open entry `i`, a file, for reading; ENOENT and the like are -1 with
 * `e->errnum`. */
int scan_open(int root, const struct entry *, int *fd, struct err *);
/* Does the open file still have the stamp, size and time of the entry? */
bool scan_unchanged(int fd, const struct entry *, const struct stamp *);
/* Take over what fstat says now, before reading again. */
int scan_refresh(int fd, struct entry *, struct stamp *, struct err *);

/*
 * Read every file whose digest is not known: for comparing a live tree.  A
 * file that keeps changing is status 75; one that vanished is taken out.
 * Fills in `work`.
 */
int scan_hash(int root, struct snapshot *, struct err *);

/* How often a file that changes while it is read is read again. */
#define SCAN_TRIES 5

#endif
