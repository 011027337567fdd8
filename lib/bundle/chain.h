/*
 * chain.h: bundles that follow each other, read as one tree.  Its one
 * invariant: the entries that a walk gives are those of the newest bundle's
 * work tree; a walk to the end proves it by that bundle's digest of the tree.
 */
#ifndef BUNDLE_CHAIN_H
#define BUNDLE_CHAIN_H

#include "bundle/reader.h"
#include "bundle/snapshot.h"

/* How many bundles are followed at most. */
#define CHAIN_MAX ((size_t)100000)

/* Finds bundles for a chain. */
struct chain_opener {
	/* Open the bundle of this id, or one that replaces it: 1; 0: there
	 * is none; -1. */
	int (*open)(void *arg, const struct digest *id, struct bundle **out,
	    struct err *);
	void *arg;
};

/* Is it the bundle of this id, or one that replaces it? */
bool bundle_stands_for(const struct bundle *, const struct digest *id);

struct chain {
	struct bundle **layer;	/* owned; oldest first */
	size_t count;
	size_t base;		/* the newest full one: the tree starts here */
};

/*
 * The chain that ends with `newest`, which is taken over (and closed on
 * failure, too).  With `history` it reaches back to the bundle without a
 * parent, else to the newest full one.  Status 66 names a bundle that is
 * missing, 65 one that is none of the chain.
 */
int chain_open(struct bundle *newest, const struct chain_opener *,
    bool history, struct chain *out, struct err *);
void chain_close(struct chain *);

struct bundle *chain_newest(const struct chain *);
/* The first `count` layers, at least 1, as a chain that borrows them: it is
 * not closed, and no longer than the other one. */
struct chain chain_part(const struct chain *, size_t count);

/*
 * Look a path of the work tree up: 1 with the entry and its layer; 0; -1.
 * Slices hold until the next call.  For a hard link see chain_content.
 */
int chain_find(struct chain *, struct slice path, struct entry *out,
    size_t *layer, struct err *);
/* Contents of the file or hard link of this path, as bundle_content.  Status
 * 66 when it is not there, 65 when it has none. */
int chain_content(struct chain *, struct slice path, const struct sink *,
    struct err *);

/* The merged tree, in order. */
struct chain_walk {
	struct chain *chain;
	struct bundle_walk *walk;	/* one a layer of the tree */
	struct entry *head;		/* what each stands at */
	int *more;			/* 1, 0: at its end */
	struct slice *cover;		/* below it a layer counts no more */
	struct buf *cover_text;
	struct buf lines;
	struct sha256 sum;		/* of what was given */
	size_t layers;
	ssize_t given;			/* the layer to move on; -1: none */
};

int chain_walk_init(struct chain_walk *, struct chain *, struct err *);
void chain_walk_free(struct chain_walk *);
/* 1 with an entry and its layer (an index into chain.layer), 0 at the end,
 * where the tree's digest was found to be right; -1. */
int chain_walk_next(struct chain_walk *, struct entry *out, size_t *layer,
    struct err *);

/*
 * The whole tree in memory, as a baseline for save_write; of each entry
 * `leader` is the layer.  At most `most` entries (0: 10 million; status 79).
 * Each entry's folder is proved to be one, and each hard link to follow a
 * file with its contents.
 */
int chain_tree(struct chain *, size_t most, struct snapshot *out,
    struct err *);

#endif
