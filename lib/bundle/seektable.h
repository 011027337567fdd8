/*
 * seektable.h: where the frames of a compressed file are: the seek table of
 * the zstd seekable format (zstd, contrib/seekable_format, version 0.1.0) in
 * a skippable frame at the end.  Its numbers are claims: whoever follows them
 * checks what is found there.
 *
 * Before it stands a skippable frame of ours with a sum over the compressed
 * bytes: not every bit of a zstd frame bears on what it unpacks to, and a
 * damaged one is to be found all the same.
 */
#ifndef BUNDLE_SEEKTABLE_H
#define BUNDLE_SEEKTABLE_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"

/* The largest frame that is read, compressed or not: what bounds memory. */
#define FRAME_MAX ((size_t)16 << 20)

/* The first bytes of the SHA-256 of the SHA-256s of the frames, packed. */
#define SEEK_SUM ((size_t)16)

struct seek_frame {
	int64_t at;	/* in the compressed file */
	int64_t start;	/* in the uncompressed stream */
	uint32_t packed, size;
};

struct seek_table {
	struct seek_frame *frame;	/* owned */
	size_t count, cap;
	int64_t packed, size;		/* of all frames */
	unsigned char sum[SEEK_SUM];
};

void seek_free(struct seek_table *);
void seek_add(struct seek_table *, size_t packed, size_t size);
/* Append both skippable frames. */
void seek_write(const struct seek_table *, struct buf *out);

/* How long both are, from the last nine bytes of a file; -1 when those are not
 * the end of one. */
#define SEEK_FOOTER ((size_t)9)
int64_t seek_length(const unsigned char footer[SEEK_FOOTER]);

/*
 * Parse both skippable frames of a file of `file` bytes.  Every byte must
 * belong to a frame, and no frame may be larger than FRAME_MAX.  Status 65.
 */
int seek_parse(const char *, size_t, int64_t file, struct seek_table *out,
    struct err *);

#endif
