/*
 * family.h: which agents belong together: an agent, the one it began with,
 * and all that came of that one.
 */
#ifndef AUDIT_FAMILY_H
#define AUDIT_FAMILY_H

#include "agent/info.h"

struct relative {
	char id[ULID_TEXT];
	char *name;	/* NULL: none */
	int up;		/* its parent's index; -1: none that is there */
};

struct family {
	struct relative *items; /* oldest first: a parent before its children */
	size_t count;
};

/* The whole family of `id`; NULL: all agents of the root.  An agent that
 * cannot be read is left out, unless it is `id`.  Status 65, 66. */
int family_open(struct root *, const char *id, struct family *out,
    struct err *);
void family_free(struct family *);
/* The index of an agent; -1. */
int family_find(const struct family *, const char *id);
/* The oldest ancestor that is there. */
size_t family_root(const struct family *, size_t of);

/* The oldest ancestor of an agent that is in the root, by its id; itself when
 * there is none. */
void family_oldest(struct root *, const char *id, char out[ULID_TEXT]);

#endif
