/*
 * jointree.h: a work tree as a join looks at it: a hard link is a file of its
 * own, and what bundles only record (sockets, devices...) is not there.
 */
#ifndef AGENT_JOINTREE_H
#define AGENT_JOINTREE_H

#include "bundle/snapshot.h"

#define JOINTREE_NONE SIZE_MAX

struct joinnode {
	struct entry entry;	/* slices are those of the snapshot */
	size_t layer;		/* of its contents */
	size_t end;		/* the first node that is not below it */
};

struct jointree {
	struct joinnode *node;	/* owned; in the snapshot's order */
	size_t count;
};

/* The snapshot must live as long. */
void jointree_make(const struct snapshot *, struct jointree *out);
void jointree_free(struct jointree *);

/* Is all that is at and below these the same?  Either may be none. */
bool jointree_same(const struct jointree *, size_t i, const struct jointree *,
    size_t j);
/* Is anything at or below it withheld? */
bool jointree_withholds(const struct jointree *, size_t i);

#endif
