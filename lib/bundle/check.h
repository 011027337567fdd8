/*
 * check.h: prove a whole bundle: that every byte of it is what the writer
 * makes of its index and manifest, so that `tar -x` gives what the index says
 * and nothing else.
 */
#ifndef BUNDLE_CHECK_H
#define BUNDLE_CHECK_H

#include "bundle/reader.h"

/* Reads and unpacks all of it.  Status 65 names what is wrong.  That the
 * chain's tree is the manifest's is chain_tree's to prove, for a delta. */
int bundle_check(struct bundle *, struct err *);
/* The same, and the digest of the unpacked stream, which costs no other
 * unpacking; NULL: not wanted. */
int bundle_check_plain(struct bundle *, struct digest *plain, struct err *);

#endif
