/*
 * frames.h: random access to a file of frames.  Its one invariant: memory and
 * work are bounded by what is asked for, whatever the seek table claims.
 */
#ifndef BUNDLE_FRAMES_H
#define BUNDLE_FRAMES_H

#include "base/digest.h"
#include "bundle/content.h"
#include "bundle/seektable.h"

struct codec;

/* The file; may be used by several threads once it is open. */
struct frames {
	int fd;			/* owned */
	int64_t file;		/* its length */
	struct seek_table table;
	char *name;		/* owned; for messages */
};

/* Of all frames, by whoever reads every one in order. */
struct frame_sums {
	struct sha256 plain;	/* contents, */
	bool unpacked;		/* when these are wanted */
	struct sha256 packed;	/* the SHA-256s of what is in the file */
	int64_t count;		/* frames so far */
};

/* One thread's view of it: the frame that it last looked into. */
struct frame_view {
	const struct frames *frames;
	struct codec *codec;
	char *packed, *plain;	/* owned */
	size_t packed_room, plain_room;
	int64_t frame;		/* what `plain` holds; -1: nothing */
	size_t len;
	struct frame_sums *sums; /* NULL: none wanted */
};

/*
 * Take over the descriptor of a regular file.  `most` bounds the sum of what
 * the frames claim to hold (status 79 with what to do).  Status 65 when it is
 * no file of frames.  The descriptor is closed on failure, too.
 */
int frames_open(int fd, const char *name, int64_t most, struct frames *out,
    struct err *);
void frames_close(struct frames *);

void frame_view_init(struct frame_view *, const struct frames *);
void frame_view_free(struct frame_view *);

/* The contents of one frame; they hold until the next call.  Status 65. */
int frame_get(struct frame_view *, int64_t frame, struct slice *out,
    struct err *);
/* Give `len` bytes from a place on to the sink, frame by frame. */
int frame_read(struct frame_view *, int64_t frame, int64_t offset,
    int64_t len, const struct sink *, struct err *);

#endif
