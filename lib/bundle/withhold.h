/*
 * withhold.h: what of a work tree stays out of bundles because it holds the
 * value of a secret, in its contents, its name or a link's text.  Other bytes
 * in its place were rejected: a restore would write these into the workspace.
 *
 * What is left out is an entry all the same, ENTRY_WITHHELD, with the secrets'
 * names: so one who does not have these neither takes it for a new file nor
 * for one that is gone.  Only what has a value in its name is no entry.
 */
#ifndef BUNDLE_WITHHOLD_H
#define BUNDLE_WITHHOLD_H

#include "base/secret.h"
#include "bundle/scan.h"

/*
 * Withhold such entries of what scan_tree saw, and add their paths, one a
 * line, to `out`.  Files whose digest is known are not read again: they were
 * looked at when they changed.  What `last` (or NULL), the tree of the bundle
 * before, has withheld stays so until it changes where all the secrets named
 * are known (`secrets` may be NULL: none is), and holds none any more.
 */
int withhold(int root, struct snapshot *, const struct snapshot *last,
    const struct secrets *, struct buf *out, struct err *);

#endif
