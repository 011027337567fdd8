/*
 * tar.h: the header of a tar member, POSIX.1-2017 pax interchange format.
 * Its one invariant: the bytes are a function of the entry alone, so a reader
 * proves a member by making its header again, and never parses a foreign one.
 * Owners are not kept (0:0).
 */
#ifndef BUNDLE_TAR_H
#define BUNDLE_TAR_H

#include "bundle/entry.h"

#define TAR_BLOCK ((size_t)512)
#define TAR_END   ((size_t)1024)	/* zeros after the last member */

/*
 * Append the header of a stored entry: where the name, the link, the size or
 * the time do not fit a ustar header, an extended one comes before it.  A
 * removed path becomes the empty file `.wh.NAME` beside it (OCI image
 * specification, layer).
 */
void tar_header(struct buf *, const struct entry *);

/* How many bytes of contents follow it, and of zeros behind those. */
int64_t tar_content(const struct entry *);
size_t tar_padding(int64_t size);

/* The size in a plain header block; -1 when it is none. */
int64_t tar_size(const char block[TAR_BLOCK]);

#endif
