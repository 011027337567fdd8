/*
 * rework.h: a workspace is brought to another tree: what a restore and a join
 * share.  Its one invariant: once the record is committed that names the plan,
 * the plan is carried out, by this holder of the lock or the next.
 *
 * Order: save what stands there; stage the new files, synced; commit the
 * record; carry it out, path by path; record that it was done.
 */
#ifndef AGENT_REWORK_H
#define AGENT_REWORK_H

#include "agent/restoreapply.h"
#include "agent/session.h"

/* What stands in the workspace, as the bundle says that was just saved for the
 * record `seq`. */
int rework_saved(const struct session *, int64_t seq, struct snapshot *out,
    struct err *);

/* Stage the plan's files, whose contents are in `files`. */
int rework_stage(struct session *, struct chain *files,
    const struct restoreplan *, const struct restore_options *, struct err *);
/* What was staged goes again, unless its record is there. */
void rework_drop(struct session *);

/* The members "path_count" and "paths" of the record; nothing when the plan is
 * empty, and then there is nothing to carry out. */
int rework_put(struct session *, const struct restoreplan *, struct jsonw *,
    struct err *);

/*
 * Commit; and when that was, or was left open by, a record that names a plan,
 * carry it out, record so, and take away what is staged.  Conflicts are added
 * to `out` (or NULL).
 */
int rework_finish(struct session *, struct conflicts *out, struct err *);
/* For session_write: the same, and what was staged for a record that never
 * came goes. */
int rework_recover(struct session *, struct err *);

#endif
