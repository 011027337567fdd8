/*
 * audithtmldiff.h: what changed in a workspace from one checkpoint to the
 * next, for the page of a run.
 */
#ifndef CLI_AUDITHTMLDIFF_H
#define CLI_AUDITHTMLDIFF_H

#include "audit/page.h"

/* How many checkpoints of an agent are compared, unless told otherwise. */
#define HTMLDIFF_USUAL 200

struct htmldiff {
	struct root *root;	/* borrowed; NULL: nothing is compared */
	const char *id;		/* the agent; borrowed */
	int64_t *seqs;		/* its bundles, oldest first */
	size_t count, first;	/* those before `first` are not compared */
};

/* The bundles of an agent, of which the newest `most` are compared. */
void htmldiff_open(struct root *, const char *id, int64_t most,
    struct htmldiff *out);
void htmldiff_close(struct htmldiff *);
/* For a ckpt record of the page's agent `a`: the line that holds what changed.
 * A bundle that is gone or damaged makes a note in it, no failure. */
int htmldiff_put(const struct htmldiff *, struct page *, int a,
    const struct record *, struct err *);

#endif
