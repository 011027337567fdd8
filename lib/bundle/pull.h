/*
 * pull.h: a bundle's file as contents for a writer.  The last read proves the
 * whole, or fails.
 */
#ifndef BUNDLE_PULL_H
#define BUNDLE_PULL_H

#include "bundle/reader.h"

struct pull {
	struct frame_view *view;	/* borrowed; may be shared */
	int64_t frame, offset, left;
	struct sha256 sum;
	struct digest want;
};

/* `n` is a file's entry; `p` must live as long as what is returned. */
struct content pull_content(struct pull *p, struct frame_view *,
    const struct entry *n);
/* The next `size` bytes. */
int pull_read(struct pull *, void *, size_t size, struct err *);

#endif
