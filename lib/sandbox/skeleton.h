/*
 * skeleton.h: what is the same in every private root, mounted once, in the
 * launcher's own mount namespace: the devices, and the profile's many small
 * files of /etc.  A call's namespace begins as a copy of that one, and moves
 * its copies of these mounts into its root: that costs next to nothing.
 *
 * Invariant: nothing in it is ever changed once made.  It is thrown away and
 * made again when a call needs another /etc, or when something that it shows
 * was replaced on the machine; calls that run keep their own mounts.
 */
#ifndef SANDBOX_SKELETON_H
#define SANDBOX_SKELETON_H

#include "sandbox/view.h"

struct skeleton {
	bool mounted;		/* it is the working folder */
	bool whole;		/* else making it failed half-way */
	bool etc;		/* has all of `view` below etc */
	struct view view;	/* the entries of /etc that were asked for */
	struct skeleton_stamp *stamps; /* of them, then of the devices */
};

/* Make it fit a call's view, of which `etc` is set when its /etc is ready.
 * It is the working folder then, and so, in a copied namespace, that of the
 * copy. */
int skeleton_fit(struct skeleton *, struct view *, struct err *);

#endif
