/*
 * ckptspan.h: what of an agent's history goes into a bundle: the records
 * behind those of the bundle before, as they stand in the journal, and the
 * blobs that they name.
 */
#ifndef AGENT_CKPTSPAN_H
#define AGENT_CKPTSPAN_H

#include "agent/session.h"
#include "bundle/writer.h"

struct span_file;

/* In one journal: the agent's own, or an ancestor's. */
struct span_part {
	int fd;
	int64_t from, to;	/* offsets */
};

struct span {
	struct span_part *part;	/* in the order of the records */
	size_t parts, part_cap;
	size_t reading;		/* a part, by span_journal */
	struct writer_blob *blob;
	struct span_file *file;	/* their contents, one each */
	size_t count, cap, file_cap;
};

/*
 * The records behind those that the manifest covers (NULL: all), up to the
 * session's mark.  `known`: the digest of a blob that the history of the
 * manifest's bundle names already.  Status 65, 66.
 */
int span_read(const struct session *, const struct manifest *,
    const struct digest *known, struct span *out, struct err *);
void span_free(struct span *);
/* The records' lines, read once. */
struct content span_journal(struct span *);
/* Where in its journal the last record ends. */
int64_t span_end(const struct span *);
/* Let `blob` read its contents: they are not moved any more. */
void span_contents(struct span *);

/*
 * The mark behind record `seq`, which the manifest (NULL: none) does not
 * cover: 1; 0 when there is none; -1.
 */
int span_seek(const struct session *, const struct manifest *, int64_t seq,
    struct journal_mark *out, struct err *);

#endif
