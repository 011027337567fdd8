/*
 * restoreplan.h: what to do to a workspace so that it becomes another tree:
 * each path that differs, as it is and as it is to be.  The list stands in a
 * blob that a restore record names, so that whoever comes after a crash knows
 * of each path whether it was done.
 */
#ifndef AGENT_RESTOREPLAN_H
#define AGENT_RESTOREPLAN_H

#include "bundle/restore.h"

/* Beside the files that are put back, in the workspace; the agent's id
 * follows. */
#define RESTORE_TMP ".agent-restore-"
#define RESTORE_TREE "tree" /* in it: the files, by their paths */

/* Entry i of both is the same path; ENTRY_GONE: nothing is there. */
struct restoreplan {
	struct snapshot before, after;
	/* Contents that no bundle holds: those of entries whose stamp is
	 * `known`; its `leader` is the index here. */
	struct buf *made;	/* owned */
	size_t made_count, made_cap;
};

void restoreplan_free(struct restoreplan *);

/* From two trees.  Of `want`, stamps hold the layers (chain_tree).  What
 * bundles only record (sockets, what is withheld...) is left as it stands. */
void restoreplan_make(const struct snapshot *is, const struct snapshot *want,
    struct restoreplan *out);

/* One path more, behind all others; the contents are in that layer or, unless
 * `made` is NULL, there: then they are taken over. */
void restoreplan_add(struct restoreplan *, const struct entry *before,
    const struct entry *after, size_t layer, struct buf *made);

/* Lines of agent/index.jsonl, two a path: before and after. */
void restoreplan_text(const struct restoreplan *, struct buf *out);
int restoreplan_parse(const char *, size_t, struct restoreplan *out, struct err *);

/* A path as people write it, without "work/"; has a NUL behind. */
const char *restoreplan_path(const struct restoreplan *, size_t i);
/* "added", "removed" or "changed"; of withheld files "missing" or "kept". */
const char *restoreplan_change(const struct restoreplan *, size_t i);

/* Is it a file whose contents stay? */
bool restoreplan_mode_only(const struct restoreplan *, size_t i);

/*
 * Make the folder `name` in the workspace, with the new contents of files and
 * links below RESTORE_TREE, synced.
 */
int restoreplan_stage(const struct restoreplan *, struct chain *, int work,
    const char *name, const struct restore_options *, struct err *);

#endif
