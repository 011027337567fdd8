/*
 * forking.h: what the parts of a fork share: fork.c (all of it), forkpast.c
 * (a point in the past), forkshare.c (links), forkwork.c (workspaces),
 * forkrecord.c (records).
 */
#ifndef AGENT_FORKING_H
#define AGENT_FORKING_H

#include "agent/ckpt.h"
#include "agent/fork.h"

struct forking {
	struct session *parent;
	const struct fork *fork;
	struct journal_mark point;	/* that is forked from */
	const struct state *then;	/* the parent's at that point */
	struct chain *files;		/* and its files; NULL: it is now */
	struct digest base;		/* of FORK_INDEX */
	struct limits limits;		/* of each child */
	bool each;			/* so little is written that each file
					   is synced, and not all at once */
};

/* A point in the past, for as long as the children are prepared; `{0}` to
 * begin with. */
struct fork_past {
	struct state then;
	bool has_state;
	struct chain files;
};
/* Fills in `point`, `then` and `files` for fork.at.  Status 66. */
int fork_past_open(struct fork_past *, struct forking *, struct err *);
void fork_past_free(struct fork_past *);

/* A new file in a child's folder. */
int fork_write(const struct forking *, int dir, const char *name,
    const struct buf *text, struct err *);
/* Journals, bundles, the folded state, in the child's folder `dir`. */
int fork_share(const struct forking *, int dir, struct err *);
/* A link; what is to be linked has to be there. */
int fork_link(int from, const char *name, int to, const char *as,
    struct err *);

struct fork_work {
	struct snapshot tree;
	int work;	/* what is copied: the parent's, then the first's */
	int first;	/* the first child's folder; -1 while there is none */
};
/* `{.work = -1, .first = -1}` to begin with. */
int fork_work_open(struct fork_work *, const struct forking *, struct err *);
/* Make "work" and FORK_INDEX in `dir`; the first one sets `base`. */
int fork_work_copy(struct fork_work *, struct forking *, int dir,
    struct err *);
void fork_work_free(struct fork_work *);

/* The records of a child: the journal in its folder `dir`.  `number` counts
 * from 1. */
int forkrecord_child(const struct forking *, const struct info *, int dir,
    size_t number, struct err *);
/* And the parent's, staged. */
int forkrecord_parent(const struct forking *, const struct info *children,
    struct err *);

#endif
