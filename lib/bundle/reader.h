/*
 * reader.h: look into a bundle at random.  Its one invariant: nothing is given
 * out before its digest matched one in the manifest, or one in an index frame
 * that did; and the manifest's own digest is the bundle's id.  Whether the
 * manifest is to be trusted is its signature's and the caller's business.
 *
 * What a call reads does not grow with the bundle, but for reader_content of
 * a large file.
 */
#ifndef BUNDLE_READER_H
#define BUNDLE_READER_H

#include "bundle/content.h"
#include "bundle/entry.h"
#include "bundle/frames.h"
#include "bundle/manifest.h"

struct reader_options {
	int64_t max_bytes;	/* that a bundle may expand to; 0: 64 GiB */
	int64_t max_spool;	/* of a bundle from a pipe; 0: 16 GiB */
	/* It must be this key's; NULL: a signature is not looked at. */
	const struct sign_public *key;
};

struct bundle {
	struct frames frames;
	struct frame_view index, data;	/* for the opening thread */
	struct manifest manifest;
	struct digest id;
	struct buf text;	/* of the manifest, as it stands */
	struct buf signature;	/* the signify file; empty: not signed */
	struct entry_text names;
};

/*
 * Open a bundle from a descriptor, which is taken over (and closed on failure,
 * too): a file, or a pipe, which is copied to an unlinked temporary file
 * first.  Status 65: no bundle, damaged, or the signature is missing or not
 * the key's; 79: a limit.
 */
int bundle_open(int fd, const char *name, const struct reader_options *,
    struct bundle **out, struct err *);
void bundle_close(struct bundle *);
/* For CLEANUP. */
void bundle_cleanup(struct bundle **);
#define CLEANUP_BUNDLE CLEANUP(bundle_cleanup)

/*
 * The entry of this path ("work/…", "agent/…"): 1; 0 when the bundle has
 * none; -1.  Slices hold until the next call for this bundle.
 */
int bundle_find(struct bundle *, struct slice path, struct entry *out,
    struct err *);

/*
 * Give a file's contents to the sink.  Up to BUNDLE_WHOLE bytes are proved
 * before the first is given out; larger ones are read twice for the same end.
 */
#define BUNDLE_WHOLE ((int64_t)16 << 20)
int bundle_content(struct bundle *, const struct entry *, const struct sink *,
    struct err *);
/* The same into memory; status 79 for more than `most` bytes. */
int bundle_content_buf(struct bundle *, const struct entry *, size_t most,
    struct buf *out, struct err *);
/* Contents with another view (of another thread), proved only at the end:
 * what the sink got is to be thrown away on failure. */
int bundle_stream(struct frame_view *, const struct entry *,
    const struct sink *, struct err *);

/* A small member below agent/, such as "agent/state.json". */
int bundle_member(struct bundle *, const char *path, size_t most,
    struct buf *out, struct err *);

/* Entries in order; has a view of its own. */
struct bundle_walk {
	struct bundle *b;
	struct frame_view view;
	size_t frame;		/* of the index */
	size_t at;
	struct entry_text names;
	struct buf last;	/* the path before, to prove the order */
	struct slice text;
	int64_t entries;
};

/* Start at the first entry that is not before `from` (NULL data: at the
 * first of all). */
int bundle_walk_init(struct bundle_walk *, struct bundle *, struct slice from,
    struct err *);
void bundle_walk_free(struct bundle_walk *);
/* 1, 0 at the end, -1.  Slices hold until the next call. */
int bundle_walk_next(struct bundle_walk *, struct entry *out, struct err *);

#endif
