/*
 * squash.h: a chain folded into one full bundle that needs no other: all
 * records, all blobs, the whole tree, the newest state.  Its `replaces` names
 * every bundle of the chain, so later ones still find their parent.
 */
#ifndef BUNDLE_SQUASH_H
#define BUNDLE_SQUASH_H

#include "bundle/chain.h"
#include "bundle/writer.h"

/*
 * Write it to `fd`; nothing is synced (save_durably does).  `c` was opened
 * with its history.  `m` is initialised here; the caller frees it.  Status 65
 * when the journals do not follow each other.
 */
int squash_write(struct chain *c, int fd, const char *name,
    const struct writer_options *, struct manifest *m, struct written *out,
    struct err *);

#endif
