/*
 * source.h: a history to read, wherever it stands: the journal of an agent,
 * or a bundle and those before it.  Its one invariant: records come from the
 * first on, each proved to be what its sums say and to follow the one before
 * it.
 */
#ifndef AUDIT_SOURCE_H
#define AUDIT_SOURCE_H

#include "agent/ckpt.h"
#include "agent/history.h"

struct source {
	struct root *root;	/* borrowed; NULL: there is none */
	char id[ULID_TEXT];	/* of the agent */
	bool live;		/* its journal; else bundles */
	struct history history;	/* of a live one */
	struct ckpt_chain bundles; /* of the others: back to the first */
};

/*
 * Open what a person names: AGENT is its journal; AGENT@SEQ, "-", what has a
 * slash, or a file that no agent has the name of is a bundle, as ckpt_open
 * says (`most` is passed on).  Without a root (NULL) only files are found, and
 * `why` says why there is none.  Status 66 no such agent or bundle, or one
 * before it; 65; 64 ambiguous.
 */
int source_open(struct root *, const char *name, int64_t most,
    const struct err *why, struct source *out, struct err *);
/* An agent by its id. */
int source_open_agent(struct root *, const char *id, struct source *out,
    struct err *);
void source_close(struct source *);

/* The records one by one, as they stand. */
struct source_walk {
	struct source *source;
	struct lineage_reader reader;	/* live */
	struct buf lines;		/* of the bundle being read */
	const char *at;			/* in them */
	size_t layer;			/* the next bundle */
	struct journal_mark mark;	/* behind the record last given; its
					   offset is of use for a live one */
};

void source_walk_init(struct source *, struct source_walk *);
void source_walk_free(struct source_walk *);
/*
 * The next record, whose slices hold until the next call: 1; 0 at the end (of
 * a live one perhaps only for now); -1, status 65, at damage.
 */
int source_walk_next(struct source_walk *, struct record *out, struct err *);

/* Where the records' blobs are. */
struct blob_source source_blobs(struct source *);
/* Append one of them.  Status 65, 66. */
int source_blob(struct source *, const struct digest *, struct buf *out,
    struct err *);

/* Each record up to `last`, blobs in place.  Status as the functions above,
 * and what `each` makes of it. */
int source_each(struct source *, int64_t last, const struct past_each *,
    struct err *);

/* The record `seq`, its line copied.  Status 66 when there is none. */
int source_record(struct source *, int64_t seq, struct buf *line,
    struct err *);

/* What a fold of these records needs for restores (state.h); the source is
 * borrowed. */
struct state_past source_past(struct source *);
/* The state at the record `seq`; 0: at the last one.  Initialises `out`, whose
 * past is gone.  Status 66 when there is no such record. */
int source_state(struct source *, int64_t seq, struct state *out,
    struct err *);

#endif
