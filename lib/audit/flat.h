/*
 * flat.h: a record as one row, for tables and for programs that read lines:
 * who, when, what, how it ended and what it took, each under a name that does
 * not depend on the record's type.
 */
#ifndef AUDIT_FLAT_H
#define AUDIT_FLAT_H

#include "audit/facts.h"

struct flat {
	bool csv;		/* RFC 4180, else JSON lines */
	bool content;		/* texts and arguments, too */
	/* of the history being read */
	const char *agent, *name;	/* borrowed; name may be NULL */
	struct links links;
	struct members members;
	struct buf room;
};

void flat_free(struct flat *);
/* The records that follow are of this agent, from its first one on. */
void flat_agent(struct flat *, const char *id, const char *name);
/* The names of the columns; nothing for JSON. */
void flat_head(const struct flat *, struct buf *out);
/* A record's line; `body` has its blobs in place.  Status 65. */
int flat_row(struct flat *, const struct record *, struct slice body,
    struct buf *out, struct err *);

#endif
