/*
 * trail.h: a history read once, so that what its records name can be found:
 * the call of a result, the grant of a decision, the records whose text a
 * request holds.  Invariant: a link is what a record says, or what the fold
 * makes of it; never what stands near.
 */
#ifndef AUDIT_TRAIL_H
#define AUDIT_TRAIL_H

#include "audit/map.h"
#include "audit/members.h"
#include "audit/source.h"

/* What a name in a record means. */
enum trail_kind {
	TRAIL_CALL,	/* tool.call, by `call` */
	TRAIL_MODEL,	/* the last model.call of this id */
	TRAIL_ASK,	/* by `request` */
	TRAIL_ANSWER,	/* by `request` */
	TRAIL_GRANT,	/* by `grant` */
	TRAIL_COMMAND,	/* by `nonce` */
	TRAIL_CKPT,	/* by `bundle` */
	TRAIL_KINDS
};

struct trail_said {
	int64_t seq, before;	/* index of the one before it; -1: none */
};

struct trail {
	struct source *source;	/* borrowed */
	int *fds;		/* of a live one: its journals, or -1 */
	int spool;		/* of bundles: their records, copied */
	struct trail_record {
		int64_t offset, said;	/* said: index, or -1 */
	} *records;		/* records[seq - 1] */
	size_t count, cap;
	struct map names[TRAIL_KINDS];
	struct trail_said *said;
	size_t said_count, said_cap;
	struct err unsaid;	/* status 0, or why the fold stopped */
	struct buf line;	/* the record last given */
};

/* Read up to the end of the group that `last` is in.  Status 66 when there is
 * no such record, 65. */
int trail_open(struct source *, int64_t last, struct trail *out, struct err *);
void trail_close(struct trail *);

/* The record, which holds until the next call.  Status 65, 66. */
int trail_record(struct trail *, int64_t seq, struct record *out,
    struct err *);
/* The record that a name means, as it stands in JSON; 0: there is none. */
int64_t trail_find(const struct trail *, enum trail_kind, struct slice name);
/* Step backwards through the records whose text the request of the model.call
 * `seq` holds: start with `*at` -2; 0 at the end. */
int64_t trail_said(const struct trail *, int64_t seq, int64_t *at);

#endif
