/*
 * gather.h: what stands beside the work tree in bundles that follow each
 * other, as one: for folding them (squash.h, and the agent's own folding).
 * Its one invariant: the records are those of the first up to those of the
 * last, without a gap.
 */
#ifndef BUNDLE_GATHER_H
#define BUNDLE_GATHER_H

#include "bundle/chain.h"
#include "bundle/pull.h"
#include "bundle/writer.h"

/* A blob and where it is. */
struct gather_blob {
	struct entry entry;	/* only its place, size and digest */
	size_t layer;
	struct pull pull;
};

struct gather {
	struct chain *chain;		/* borrowed */
	size_t from;			/* the first layer gathered */
	struct frame_view *view;	/* one a layer of the chain */
	struct gather_blob *blob;
	size_t blobs, blob_cap;
	struct writer_blob *list;
	struct buf state, grants;
	struct pull *journal;		/* one behind the other */
	size_t at;
};

void gather_init(struct gather *, struct chain *, size_t from);
void gather_free(struct gather *);

/* What the manifest of the layers from `from` on as one bundle says before
 * anything is written: it follows what the first of them follows. */
void gather_manifest(const struct chain *, size_t from, struct manifest *);

/* Write the records and blobs of all, and the newest state and grants.  Status
 * 65 when the records do not follow each other. */
int gather_head(struct gather *, struct writer *, struct err *);

#endif
