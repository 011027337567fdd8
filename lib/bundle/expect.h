/*
 * expect.h: the unpacked stream of a bundle held against what should stand in
 * it, piece after piece: what is read is what a writer would put there, or an
 * error of status 65 that names the member.
 */
#ifndef BUNDLE_EXPECT_H
#define BUNDLE_EXPECT_H

#include "bundle/reader.h"
#include "bundle/tar.h"

struct expect {
	struct frames *frames;	/* borrowed */
	struct frame_view view;
	struct tar *tar;
	int64_t frame, offset;	/* what is next */
	struct buf want;
};

/* From the start of the stream. */
void expect_init(struct expect *, struct frames *);
void expect_free(struct expect *);

/* The next bytes are these, and belong to the member `path`. */
int expect_bytes(struct expect *, const struct buf *want, struct slice path,
    struct err *);
/* So many zeros, TAR_END at the most. */
int expect_zeros(struct expect *, size_t, struct slice path, struct err *);
int expect_header(struct expect *, const struct entry *, struct err *);
/* So many bytes were read by other means. */
void expect_moved(struct expect *, int64_t);
/* "'BUNDLE': 'PATH' WHAT"; returns -1. */
int expect_wrong(const struct expect *, struct slice path, const char *what,
    struct err *);

#endif
