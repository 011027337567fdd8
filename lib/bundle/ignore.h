/*
 * ignore.h: .agentignore, the syntax of gitignore(5): comments, `!`, a slash
 * behind for folders only, a slash before or inside for this folder only,
 * `*`, `?`, `[..]` and `**`.  The last rule that matches decides; below a
 * folder that is left out nothing comes back.  Matching takes time in
 * proportion to pattern times path, whatever the pattern.
 */
#ifndef BUNDLE_IGNORE_H
#define BUNDLE_IGNORE_H

#include "base/buf.h"

#define IGNORE_FILE ".agentignore"
#define IGNORE_MAX  ((size_t)1 << 20)	/* bytes of one file */

struct ignore_rule {
	char *pattern;		/* owned; without the marks below */
	size_t base;		/* bytes of the path before what is matched */
	bool negate, folders, anchored;
};

/* The rules in force, outer folders first; `{0}` is empty. */
struct ignore {
	struct ignore_rule *rule;
	size_t count, cap;
};

void ignore_free(struct ignore *);
/* Add a file's rules, for paths whose first `base` bytes (with the slash)
 * name the folder that it lies in. */
void ignore_add(struct ignore *, const char *text, size_t len, size_t base);
/* Forget all rules but the first `count`. */
void ignore_cut(struct ignore *, size_t count);
/* Is the path, relative to the tree's top, left out?  Its folders are not
 * looked at: the caller never comes below one that is. */
bool ignore_matches(const struct ignore *, const char *path, size_t len,
    bool folder);

#endif
