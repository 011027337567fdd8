/*
 * framer.h: a stream of bytes cut into zstd frames, with the seek table
 * behind.  Its one invariant: the frames are a function of the bytes and of
 * the places where the caller cut, whatever the number of threads.
 *
 * A frame is compressed by itself, so several threads can work; they start
 * with the second full frame, since most bundles never fill one.
 */
#ifndef BUNDLE_FRAMER_H
#define BUNDLE_FRAMER_H

#include "bundle/seektable.h"

/* Contents of a full frame: small enough to look into within milliseconds. */
#define FRAMER_FULL ((size_t)1 << 20)

struct framer;

/*
 * Write to `fd` (borrowed) from its current place on; `name` is for messages.
 * `threads` 0: as many as there are processors.
 */
void framer_new(int fd, const char *name, int level, int threads,
    struct framer **out);
void framer_free(struct framer *);

/* Where the next byte will be. */
void framer_where(const struct framer *, int64_t *frame, int64_t *offset);
/* All bytes so far, uncompressed. */
int64_t framer_total(const struct framer *);

/* Room that the caller fills with up to `*room` bytes, and says how many. */
int framer_space(struct framer *, char **at, size_t *room, struct err *);
void framer_filled(struct framer *, size_t);
/* The same with a copy. */
int framer_add(struct framer *, const void *, size_t, struct err *);
int framer_zeros(struct framer *, size_t, struct err *);
/* End the frame here, unless it is empty. */
int framer_cut(struct framer *, struct err *);

/*
 * Remember this place (the frame ends here) and go back to it, which needs a
 * file: a pipe gives status 75.
 */
struct framer_mark {
	size_t frames;
};
int framer_mark(struct framer *, struct framer_mark *out, struct err *);
int framer_back(struct framer *, struct framer_mark, struct err *);

/* Write what is left and the seek table; `*packed` gets the file's length. */
int framer_finish(struct framer *, int64_t *packed, struct err *);

#endif
