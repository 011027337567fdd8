/*
 * withhold.h: what of a work tree stays out of bundles because it holds the
 * value of a secret, in its contents, its name or a link's text.  Other bytes
 * in its place were rejected: a restore would write these into the workspace.
 */
#ifndef BUNDLE_WITHHOLD_H
#define BUNDLE_WITHHOLD_H

#include "base/secret.h"
#include "bundle/scan.h"

/*
 * Take such entries out of what scan_tree saw, and add their paths, one a
 * line, to `out`.  Files whose digest is known are not read again: they were
 * looked at when they changed.
 */
int withhold(int root, struct snapshot *, const struct secrets *,
    struct buf *out, struct err *);

#endif
