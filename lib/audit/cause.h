/*
 * cause.h: what one record says that it came from.
 */
#ifndef AUDIT_CAUSE_H
#define AUDIT_CAUSE_H

#include "audit/trail.h"

struct cause {
	const char *link;	/* "call", "reply", "grant", … */
	int64_t seq;		/* of the record; 0: what follows says it */
	char *agent;		/* whose record, when it is another's */
	char *grant;		/* then: the one that gave this */
	bool fork;		/* or: the one that made this agent */
	char *note;		/* no record; or NULL */
};

struct causes {
	struct cause *items;
	size_t count, cap;
};

void causes_free(struct causes *);
/* All that the record names, the records of a request's text aside.  A name
 * that means no record is a cause with a note.  Status 65. */
int causes_of(struct trail *, const struct record *, struct causes *out,
    struct err *);

#endif
