/*
 * tar.h: the header of a tar member, POSIX.1-2017 pax interchange format, as
 * libarchive writes it.  Its one invariant: the bytes are a function of the
 * entry (and of libarchive) alone, not of the locale, the clock or what came
 * before, so a reader proves a member by making its header again, and never
 * parses a foreign one.  Owners are not kept (0:0), nor are other times than
 * that of the last change.
 */
#ifndef BUNDLE_TAR_H
#define BUNDLE_TAR_H

#include "base/err.h"
#include "bundle/entry.h"

#define TAR_BLOCK ((size_t)512)
#define TAR_END   ((size_t)1024)	/* zeros after the last member */

/* libarchive, which is loaded for the first header. */
struct tar;

/*
 * Load it now, from any thread: 1.5 ms that need not be waited for.  Whether
 * it worked shows at the first header.
 */
void tar_preload(void);

void tar_new(struct tar **out);
void tar_free(struct tar *);
/* For CLEANUP. */
void tar_cleanup(struct tar **);
#define CLEANUP_TAR CLEANUP(tar_cleanup)

/*
 * Append the header of a stored entry: where the name, the link, the size or
 * the time do not fit a ustar header, an extended one comes before it.  A
 * removed path becomes the empty file `.wh.NAME` beside it (OCI image
 * specification, layer).  Status 69: libarchive cannot be used.
 */
int tar_header(struct tar *, struct buf *, const struct entry *, struct err *);

/* How many bytes of contents follow it, and of zeros behind those. */
int64_t tar_content(const struct entry *);
size_t tar_padding(int64_t size);

/* The size in a plain header block; -1 when it is none. */
int64_t tar_size(const char block[TAR_BLOCK]);

#endif
