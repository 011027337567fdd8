/*
 * ckptpatch.h: a path that differs, as git writes it: what patch(1) -p1 and
 * git apply take.  What neither knows, folders and hard links, is a line that
 * they pass over.
 */
#ifndef CLI_CKPTPATCH_H
#define CLI_CKPTPATCH_H

#include "agent/ckptside.h"
#include "base/textdiff.h"

/* Texts up to this size are compared by line. */
#define CKPTPATCH_TEXT ((int64_t)1 << 20)

struct patch {
	struct ckpt_side *side[2];	/* borrowed */
	int64_t most;			/* bytes of a text */
	/* Of the last change: */
	struct buf text;
	struct textdiff_counts counts;
	bool binary;			/* or too large for a text */
};

void patch_free(struct patch *);
/* Read what differs, and write it down. */
int patch_make(struct patch *, const struct diff_change *, struct err *);

/* Its path without the "work/" before it; "." for the top. */
struct slice patch_path(const struct diff_change *);
/* Append a name, quoted as git does where it holds what is odd. */
void patch_name(struct buf *, const char *before, struct slice name);

#endif
