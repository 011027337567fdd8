/*
 * savefile.h: one file on its way into a bundle; for save.c.
 */
#ifndef BUNDLE_SAVEFILE_H
#define BUNDLE_SAVEFILE_H

#include "bundle/save.h"

/* A bundle being saved. */
struct saving {
	const struct save *in;
	struct manifest *m;
	struct writer writer;
	struct buf small;	/* a whole file, read before it is written */
	int64_t stored;		/* bytes of files written */
	struct slice cover;	/* a folder that is gone or became a file */
	/* One an entry of the tree: */
	bool *gone;		/* it vanished */
	bool *forced;		/* to be written though it did not change */
	size_t *heir;		/* of a vanished file: its first hard link left */
};

/*
 * Write the file, entry `i` of the tree, if it differs from `old` (or is
 * forced); in any case its digest is known afterwards, or `gone` is set.
 */
int savefile_put(struct saving *, size_t i, const struct entry *old,
    struct err *);

#endif
