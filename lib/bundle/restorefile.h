/*
 * restorefile.h: the files of a tree, written by several threads; for
 * restore.c.
 */
#ifndef BUNDLE_RESTOREFILE_H
#define BUNDLE_RESTOREFILE_H

#include "bundle/restore.h"

/* A tree being restored. */
struct restoring {
	struct chain *chain;
	int to;			/* the new folder */
	const struct restore_options *opt;
	struct snapshot tree;	/* borrowed; of each entry, `leader` is the layer */
};

/* Write every file; their folders are there, and nothing else is. */
int restorefile_all(struct restoring *, struct err *);

#endif
