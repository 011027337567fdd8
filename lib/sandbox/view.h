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
#define VIEW_RIGHTS (VIEW_READ | VIEW_WRITE | VIEW_EXEC)

struct view_entry {
	char *path;		/* absolute, as path_join makes them */
	unsigned rights;	/* 0: masked, nothing of it can be seen */
	unsigned below;		/* rights of what is in it, when a folder */
};

struct view {
	struct view_entry *entries;
	size_t count, cap;
	char *workspace;	/* working folder; NULL: "/" */
	bool devices, tmp, proc; /* /dev, a private /tmp, /proc */
	bool etc; /* in the launcher: all of /etc is ready (skeleton.h) */
};

/*
 * Compile the decision that `policy` makes for each path, without a network.
 * `workspace` is absolute and real (no symbolic links); `hidden` (the agents'
 * root, the same, or NULL) is always masked, but for the workspace when that
 * lies inside it.  `tool` is whose sandbox it is, for `via` grants (or NULL).
 * An `ask` compiles as a deny, and so does, with LABEL_TAINTED among `labels`
 * (of what acts inside), what is only granted `unless tainted`.  What cannot be read cannot be written either.  /tmp is a private
 * one under the profile base, unless a grant names the machine's.  Status 78
 * when a policy cannot be enforced by this kernel interface.
 */
int view_compile(const struct policy *, const char *workspace,
    const char *hidden, const char *tool, unsigned labels, int64_t now,
    struct view *out, struct err *);
void view_free(struct view *);

/* Add one path with rights, for all below it as well; a later entry for the
 * same path replaces it. */
void view_add(struct view *, const char *path, unsigned rights);
/* Hide one path and all that is granted below it. */
void view_hide(struct view *, const char *path);
/* The entry whose rights hold for `path` (itself, or the folder it is in);
 * NULL: not visible. */
const struct view_entry *view_find(const struct view *, const char *path);
/* The rights that would hold for `path` without an entry of its own. */
unsigned view_around(const struct view *, const char *path);

#endif
