/*
 * view.h: what a sandbox can see: a policy's file grants as a list of paths
 * with rights.  Compiled from text; a path that does not exist is left out
 * when the private root is built, not before.
 *
 * Invariant: sorted by path, so that an entry comes after the folder that it
 * is in; an entry's rights hold for all below it until a deeper entry.
 */
#ifndef SANDBOX_VIEW_H
#define SANDBOX_VIEW_H

#include "base/err.h"
#include "grant/grant.h"

enum {
	VIEW_READ = 1,
	VIEW_WRITE = 2,
	VIEW_EXEC = 4,
	VIEW_OPTIONAL = 8	/* of the profile base: absent is fine */
};

struct view_entry {
	char *path;		/* absolute, as path_join makes them */
	unsigned rights;	/* 0: masked, nothing of it can be seen */
};

struct view {
	struct view_entry *entries;
	size_t count, cap;
	char *workspace;	/* working folder; NULL: "/" */
	bool devices, tmp, proc; /* /dev, a private /tmp, /proc */
};

/*
 * Compile the decision that `policy` makes for each path, without a network.
 * `workspace` is absolute; `hidden` (the agents' root, absolute, or NULL) is
 * always masked, but for the workspace when that lies inside it.  `tool` is
 * whose sandbox it is, for `via` grants (or NULL).  An `ask` compiles as a
 * deny.  Status 78 when a policy cannot be enforced by this kernel interface.
 */
int view_compile(const struct policy *, const char *workspace,
    const char *hidden, const char *tool, int64_t now, struct view *out,
    struct err *);
void view_free(struct view *);

/* Add one path with rights; later entries for the same path replace it. */
void view_add(struct view *, const char *path, unsigned rights);

#endif
