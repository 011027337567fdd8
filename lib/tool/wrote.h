/*
 * wrote.h: what a call changed, found by looking: files whose inode changed
 * (ctime: nobody can set it) since the call began, and folders that were not
 * where they are.  A rename, a link, a new owner or mode count as changes.
 *
 * Invariant: what cannot be looked at counts as changed.
 */
#ifndef TOOL_WROTE_H
#define TOOL_WROTE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "sandbox/view.h"
#include "tool/labelled.h"

/* Entries of a tree that are looked at; a larger one counts as a whole. */
#define WROTE_MOST 1000000

struct wrote_folder;

struct wrote {
	struct view view;	/* a copy */
	char *workspace;
	char *one;		/* the only path that it is to write; or NULL */
	struct timespec since;
	bool known;		/* `folders` is what there was before */
	struct wrote_folder *folders;
	size_t count, cap;
};

/* Before the call starts: all that the view lets it write, or one path. */
void wrote_all(struct wrote *, const struct view *, const char *workspace);
void wrote_one(struct wrote *, const struct view *, const char *workspace,
    const char *path);
/* The call began at `since` (real time) and nobody looked before it. */
void wrote_forget(struct wrote *, int64_t since);
/* Once its processes are dead. */
void wrote_find(const struct wrote *, unsigned labels,
    struct labelled_list *out);
void wrote_free(struct wrote *);

#endif
