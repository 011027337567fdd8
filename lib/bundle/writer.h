/*
 * writer.h: a bundle from the first member to the seek table,
 * agent-bundle(5).  Its one invariant: what it wrote is a function of what it
 * was given; two runs over the same members give the same bytes.
 *
 * Members come in the format's order: writer_head, then the entries of the
 * work tree in their order, then writer_finish.
 */
#ifndef BUNDLE_WRITER_H
#define BUNDLE_WRITER_H

#include "bundle/content.h"
#include "bundle/entry.h"
#include "bundle/framer.h"
#include "bundle/manifest.h"

struct writer_options {
	int level;		/* of zstd; 0: as codec.h says */
	int threads;		/* 0: one a processor */
	const struct sign_secret *key; /* NULL: no signature */
	/* Of squash_write: told of the contents of files; may be NULL. */
	void (*progress)(void *arg, int64_t bytes);
	void *arg;
};

/* A payload of the journal's, named by its digest. */
struct writer_blob {
	struct digest digest;
	struct content content;
};

/* What stands beside the work tree; contents are read once. */
struct writer_agent {
	struct slice state, grants;	/* JSON */
	struct content journal;		/* the records, as they stand */
	struct writer_blob *blob;	/* sorted by digest, none twice */
	size_t blob_count;
};

/* Index lines and check sums of one half of the members. */
struct writer_lines {
	struct buf index, sums;
};

struct writer {
	struct framer *framer;
	struct tar *tar;
	const struct sign_secret *key;
	struct manifest *m;		/* borrowed; filled in */
	struct writer_lines work, agent;
	struct entry *member;		/* below agent/, for their order */
	size_t members, member_cap;
	struct buf scratch;
};

/* What came of it. */
struct written {
	struct digest id;
	int64_t packed;			/* bytes of the file */
};

/*
 * Start at the current place of `fd` (borrowed).  `m` says what the caller
 * knows (manifest.h) and outlives the writer.
 */
void writer_init(struct writer *, int fd, const char *name,
    const struct writer_options *, struct manifest *m);
void writer_free(struct writer *);

int writer_head(struct writer *, const struct writer_agent *, struct err *);

/*
 * Add an entry of the work tree.  Of a file the contents are read and
 * `n->sha256`, `n->frame` and `n->offset` filled in; else `c` is NULL.
 * writer_begin puts the header only; the caller then adds `n->size` bytes to
 * the framer and calls writer_end.
 */
int writer_entry(struct writer *, struct entry *n, const struct content *c,
    struct err *);
int writer_begin(struct writer *, struct entry *n, struct err *);
int writer_end(struct writer *, const struct entry *n, struct err *);

/*
 * The rest; `m->work`, `files` and `bytes` must be set by now.  Nothing is
 * synced.
 */
int writer_finish(struct writer *, struct written *out, struct err *);

#endif
