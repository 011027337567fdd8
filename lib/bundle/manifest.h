/*
 * manifest.h: agent/manifest.json, agent-bundle(5): what a bundle is, and the
 * digests that all its other bytes are proved by.  The SHA-256 of its text is
 * the bundle's id.
 */
#ifndef BUNDLE_MANIFEST_H
#define BUNDLE_MANIFEST_H

#include "base/digest.h"
#include "base/sign.h"

#define MANIFEST_FORMAT "agent-bundle/1"
/* It fits one frame, with its signature. */
#define MANIFEST_MAX    (((size_t)1 << 20) - 8192)

struct manifest {
	/* The caller of a writer says: */
	char *agent;		/* its id; owned */
	int64_t seq;		/* of the last record covered */
	struct digest head;	/* that record's digest */
	int64_t since;		/* seq before the first record held; 0: all */
	int64_t time;		/* real, nanoseconds (kept to microseconds) */
	bool has_parent, full;	/* full: all of the work tree is here */
	struct digest parent;	/* bundle that history (and a delta) follows */
	struct digest *replaces; /* bundles folded into this one; owned */
	size_t replace_count;
	/* Since the full bundle, this one counted: how many deltas, and the
	 * bytes of files in it and in them. */
	int64_t deltas, full_bytes, delta_bytes;

	/* The writer fills in: */
	struct digest state, grants;	/* of these two members */
	struct digest work;	/* of the work tree's lines, entry_tree_line */
	int64_t files, bytes;	/* in the whole work tree, and their sizes */
	int64_t entries;	/* lines of the index */
	struct digest index;	/* of the whole index */
	/* Where it begins, and how long it is. */
	int64_t index_frame, index_offset, index_size;
	struct digest *frames;	/* of its part in each frame; owned */
	size_t frame_count;
};

void manifest_free(struct manifest *);

/* Append the text, with a newline. */
void manifest_write(const struct manifest *, struct buf *out);
/* Status 65. */
int manifest_parse(const char *, size_t, struct manifest *out, struct err *);

/* Take the signature out of a signify file: who says to have made it, and
 * the bytes.  Status 65. */
int manifest_signature(const char *, size_t, unsigned char num[SIGN_KEYNUM],
    unsigned char sig[SIGN_BYTES], struct err *);

#endif
