/*
 * check.h: prove a whole bundle: that every byte of it is what the writer
 * makes of its index and manifest, so that `tar -x` gives what the index says
 * and nothing else.
 */
#ifndef BUNDLE_CHECK_H
#define BUNDLE_CHECK_H

#include "bundle/reader.h"

struct check_options {
	struct digest *plain;	/* the digest of the unpacked stream, which
				 * costs no other unpacking; NULL: not wanted */
	/* Told of contents as they are read; may be NULL. */
	void (*progress)(void *arg, int64_t bytes);
	void *arg;
};

/* Reads and unpacks all of it.  Status 65 names what is wrong.  That the
 * chain's tree is the manifest's is chain_tree's to prove, for a delta. */
int bundle_check(struct bundle *, const struct check_options *, struct err *);

#endif
