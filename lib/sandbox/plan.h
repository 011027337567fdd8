/*
 * plan.h: a view looked up on this machine: which paths exist, what they are,
 * and what is done with each.  Made in the child, before its root changes.
 *
 * Invariant: sorted by path; every item that is bound or masked holds an open
 * descriptor of what was looked at, so that nothing renamed meanwhile is
 * bound in its place.
 */
#ifndef SANDBOX_PLAN_H
#define SANDBOX_PLAN_H

#include <stdbool.h>
#include <sys/types.h>

#include "sandbox/view.h"

enum plan_kind {
	PLAN_BIND,
	PLAN_MASK, /* something unreadable is put over it */
	PLAN_LINK, /* a symbolic link, made again */
	PLAN_EMPTY /* a folder of which nothing inside is granted */
};

struct plan_item {
	enum plan_kind kind;
	char *path;      /* owned */
	char *target;    /* of a link; owned */
	int fd;          /* O_PATH, -1 for "/" itself */
	unsigned rights; /* VIEW_ bits */
	bool folder;
	bool deeper;                /* something granted lies in it */
	const struct plan_item *in; /* the item that it lies in, or NULL */
	dev_t dev;
	ino_t ino;
	nlink_t links;
};

struct plan {
	struct plan_item *items;
	size_t count, cap;
};

/* Status 66: no workspace.  78: a denial that cannot be enforced. */
int plan_make(struct plan *, const struct view *, struct err *);
void plan_free(struct plan *);

#endif
