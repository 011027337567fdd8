/*
 * match.h: does a grant's resource cover what is asked for, and how closely?
 */
#ifndef GRANT_MATCH_H
#define GRANT_MATCH_H

#include "grant/resource.h"

/* A query made ready: its resource in canonical form.  Owned: `text`. */
struct subject {
	const struct grant_query *query;
	enum resource_form form;
	char *text;		/* NULL: nothing can match it */
	size_t len;		/* of `text` */
	const char *relative;	/* file, exec: what of it is below the
				   workspace, "" for that itself, or NULL */
	size_t workspace;	/* length of the workspace's path, 0 for "/" */
	bool bare;		/* exec: a program's name, not a path */
};

void subject_init(struct subject *, const struct grant_query *);
void subject_free(struct subject *);

/*
 * Does the grant match, limits included?  `*score` then says how specific its
 * resource is: of two that match one query, the higher is the closer.
 */
bool subject_match(const struct subject *, const struct grant *,
    uint64_t *score);

#endif
