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

/* Is it plain that the grant cannot match?  False: look closer. */
static inline bool
subject_misses(const struct subject *s, const struct grant *g)
{
	const struct grant_query *q = s->query;
	const char *text = s->text;
	size_t len = s->len;

	if (g->kind != q->kind || (g->rights & q->right) == 0 || text == NULL)
		return true;
	if (s->form != FORM_PATH)
		return false;
	if (g->first != '/') {
		if (s->relative == NULL)
			return true;
		len -= (size_t)(s->relative - text);
		text = s->relative;
	}
	return len < g->stem ||
	       (g->stem > 0 && (text[g->stem - 1] != g->last ||
				   (len > g->stem && text[g->stem] != '/')));
}

/*
 * Does the grant match, limits included?  `*score` then says how specific its
 * resource is: of two that match one query, the higher is the closer.
 */
bool subject_match(const struct subject *, const struct grant *,
    uint64_t *score);
/* Is what is asked for what the grant's resource names, whatever the right and
 * the limits? */
bool subject_covered(const struct subject *, const struct grant *);

#endif
