/*
 * match.h: an expression held against the records of one history, in order
 * and in one pass.  What a record takes from one before it (a result its
 * call's tool, a reply its call's model) is found by the call's id alone.
 */
#ifndef AUDIT_MATCH_H
#define AUDIT_MATCH_H

#include "agent/root.h"
#include "audit/expr.h"
#include "audit/facts.h"

struct match {
	const struct expr *expr;	/* borrowed */
	const char *agent, *name;	/* whose records; borrowed; name or NULL */
	struct blob_source blobs;
	struct links links;
	struct members members;
	struct fact_list facts;
	struct buf room;
};

void match_init(struct match *, const struct expr *, const char *agent,
    const char *name, const struct blob_source *);
void match_free(struct match *);
/* Does the next record match?  1 or 0; -1, status 65 or 66, when its body is
 * no JSON object or a blob of it is missing. */
int match_record(struct match *, const struct record *, struct err *);

#endif
