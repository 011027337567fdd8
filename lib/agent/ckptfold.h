/*
 * ckptfold.h: bundles that follow each other folded into one that follows the
 * bundle before them: their records and blobs, and what of the tree differs.
 * Its `replaces` names them all, so later ones still find their parent.
 * (bundle/squash.h folds a chain from its first bundle on.)
 */
#ifndef AGENT_CKPTFOLD_H
#define AGENT_CKPTFOLD_H

#include "bundle/chain.h"
#include "bundle/writer.h"

struct fold_span {
	struct chain *chain; /* ends with the last of those to fold */
	size_t from;         /* the first of them; not 0 */
	/* What they follow from now on: layer `from` - 1, or what replaced
	 * it. */
	struct digest parent;
	int64_t deltas, full_bytes, delta_bytes; /* as its manifest has them */
};

/*
 * Write the bundle to `fd`: a full one when one of those folded is.  Nothing
 * is synced.  `m` is initialised here; the caller frees it.  Status 65.
 */
int ckpt_fold(const struct fold_span *, int fd, const char *name,
    const struct writer_options *, struct manifest *m, struct written *out,
    struct err *);

#endif
