/*
 * labelled.h: paths and where what is in them came from.  They are written as
 * the bodies of file: in a policy are: relative to the workspace or absolute,
 * a folder and all below it with a wildcard at the end.
 *
 * Invariant: sorted, each path once; bounded: when there are too many, the
 * folder that they have in common stands for all.
 */
#ifndef TOOL_LABELLED_H
#define TOOL_LABELLED_H

#include <stdbool.h>
#include <stddef.h>

#define LABELLED_MOST 1000

struct labelled {
	char *body;
	unsigned labels;	/* LABEL_ bits, grant.h */
};

struct labelled_list {
	struct labelled *items;
	size_t count, cap;
};

/* Labels are never taken away: a path that is there gets more. */
void labelled_add(struct labelled_list *, const char *body, unsigned labels);
/* The same for a path from path_join; one that cannot be written in JSON is
 * its folder as a whole. */
void labelled_add_path(struct labelled_list *, const char *workspace,
    const char *path, bool tree, unsigned labels);
void labelled_free(struct labelled_list *);

#endif
