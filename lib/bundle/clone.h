/*
 * clone.h: a copy of a work tree as a scan saw it, by reflink where the file
 * system can, and the digest of every file in it.  Sockets, fifos, devices and
 * other mounts are left out.
 *
 * Invariant: what the snapshot says of a file is what its copy holds.
 */
#ifndef BUNDLE_CLONE_H
#define BUNDLE_CLONE_H

#include "bundle/scan.h"

struct clone {
	int root;		/* the tree, an open folder */
	struct snapshot *tree;	/* what scan_tree saw of it; digests that it
				   lacks are filled in, and `work` */
	bool still;		/* nobody writes to it: a copy of ours, whose
				   digests are known */
	bool sync;		/* each file and folder; else it is for the
				   caller to sync */
};

/*
 * Make the folder `name` in `dir`.  Status 75 names a file that would not keep
 * still, 73, 74.  What a failure leaves, the caller removes.
 */
int clone_tree(const struct clone *, int dir, const char *name, struct err *);

#endif
