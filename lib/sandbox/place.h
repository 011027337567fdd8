/*
 * place.h: putting things into a private root that is being built: file
 * systems of our own, and a plan's items.
 */
#ifndef SANDBOX_PLACE_H
#define SANDBOX_PLACE_H

#include "sandbox/plan.h"
#include "sandbox/rules.h"

/* What is being built; it is the working folder meanwhile. */
struct root {
	int fd;		/* the tmpfs, already mounted over "/" */
	struct rules *rules;
	struct err *e;
};

/* Of a file system. */
struct place_option {
	const char *key, *value;
};

/* "cannot WHAT 'PATH'" with errno; -1. */
int place_fail(struct root *, const char *what, const char *path);
/* A detached mount of a file system without a device; -1 with errno. */
int place_new(const char *type, const struct place_option *, size_t count,
    unsigned attributes);
/* Something to mount onto, and the folders that it is in. */
int place_target(struct root *, const char *path, bool folder);
/* Mount a detached tree there. */
int place_tree(struct root *, int tree, const char *path);

/* Everything that a plan names. */
int place_items(struct root *, const struct plan *);
/* Masked folders in which granted ones lie: nothing more can be put there. */
int place_close(struct root *, const struct plan *);

/* What masked items look like: an empty folder and an empty file, closed to
 * everyone, in the root while it is built. */
#define PLACE_EMPTY_DIR  ".empty"
#define PLACE_EMPTY_FILE ".none"

#endif
