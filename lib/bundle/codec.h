/*
 * codec.h: one zstd frame at a time (RFC 8878).  This module alone knows
 * libzstd.  A frame says how large its contents are and carries a checksum of
 * them; one that does not is not ours.
 */
#ifndef BUNDLE_CODEC_H
#define BUNDLE_CODEC_H

#include "base/buf.h"
#include "base/err.h"

struct codec;	/* contexts that are costly to make; for one thread */

/* `level` 0: 3, and 15 for what is small. */
void codec_new(int level, struct codec **out);
void codec_free(struct codec *);

/* The most that `n` bytes come to. */
size_t codec_bound(size_t n);
/* Compress into `out`, which has codec_bound(n) bytes: their number. */
size_t codec_pack(struct codec *, const void *, size_t n, void *out,
    size_t room);
/* Exactly one frame of exactly `want` bytes of contents; status 65. */
int codec_unpack(struct codec *, const void *, size_t n, void *out,
    size_t want, struct err *);

#endif
