/*
 * place.h: putting things into a private root that is being built: file
 * systems of our own, and a plan's items.
 */
#ifndef SANDBOX_PLACE_H
#define SANDBOX_PLACE_H

#include "sandbox/plan.h"
#include "sandbox/rules.h"

/* What is being built: a private root, or the skeleton of all. */
struct root {
	int fd;		/* the tmpfs, already mounted over "/" */
	struct rules *rules;
	bool masks;	/* what masks are made of is there */
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
/* The tmpfs, of so many bytes, mounted over "/": the one place that always
 * exists.  `fd` is the caller's to close. */
int place_start(struct root *, int64_t bytes);
/* Move what is mounted at that path below the working folder, the skeleton,
 * into the root. */
int place_ready(struct root *, const char *path);
/* Something to mount onto, and the folders that it is in. */
int place_target(struct root *, const char *path, bool folder);
/* Mount a detached tree there. */
int place_tree(struct root *, int tree, const char *path);

/* Put something empty and closed over files that are there. */
int place_hide(struct root *, const char *const paths[], size_t count);

/* A symbolic link, made again. */
int place_link(struct root *, const struct plan_item *);
/* Everything that a plan names; the root is the working folder. */
int place_items(struct root *, const struct plan *);
/* Masked folders in which granted ones lie: nothing more can be put there.
 * What masks were made of goes. */
int place_close(struct root *, const struct plan *);

#endif
