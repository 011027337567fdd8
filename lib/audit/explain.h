/*
 * explain.h: why a record is there: what it names, what that names, and so
 * on, as a tree.  Each record is taken apart once; where it is met again it is
 * only named.
 */
#ifndef AUDIT_EXPLAIN_H
#define AUDIT_EXPLAIN_H

#include "audit/cause.h"

struct explain_options {
	int64_t depth;		/* links from the root; 0: the root alone */
	int64_t messages;	/* of a request, the newest are followed */
};

struct explain_node {
	struct cause cause;	/* the root's link is NULL */
	struct buf line;	/* the record; empty: there is none */
	bool above;		/* it was taken apart before */
	bool cut;		/* it has causes, and the depth is reached */
	/* Of a model.call: the records whose text the request holds, oldest
	 * first; `unsaid`: or why they cannot be told. */
	int64_t *said;
	size_t said_count;
	char *unsaid;
	struct explain_node *kids;
	size_t count;
};

/* Status 66 when there is no such record, 65. */
int explain(struct source *, int64_t seq, const struct explain_options *,
    struct explain_node *out, struct err *);
void explain_free(struct explain_node *);

#endif
