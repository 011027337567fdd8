/*
 * restore.h: an agent goes back to an earlier point of its own history: its
 * conversation, its goal, its files.  Nothing is lost: what stands in the
 * workspace is saved first, and going back is a record like any other.
 *
 * How that is one commit, rework.h says; session_write finishes what died.
 */
#ifndef AGENT_RESTORE_H
#define AGENT_RESTORE_H

#include "agent/ckpt.h"
#include "agent/restoreapply.h"

/* A call whose effect is outside: nothing takes it back. */
struct outside {
	int64_t seq;
	char *tool, *arguments;	/* owned; the arguments cut */
};

struct restore {
	int64_t seq;		/* the point */
	struct digest bundle;	/* where its files are */
	struct ckpt_saved saved; /* what stood there; not in a preview */
	struct restoreplan plan;
	struct outside *outside; /* since the point */
	size_t outside_count, outside_cap;
	struct request *cancelled; /* asked since the point */
	size_t cancelled_count, cancelled_cap;
	struct conflicts conflicts;
};

void restore_free(struct restore *);

/*
 * What going back to the record `seq` would do; `files` is a chain that ends
 * with a bundle of that point: of record `seq`, or of one before it when no
 * call between the two could write.  Status 65 when the bundle is not of this
 * history, 66 when there is no such point.
 */
int restore_preview(const struct session *, struct chain *files, int64_t seq,
    struct restore *out, struct err *);

/* Do it, as the holder of the lock. */
int restore_go_back(struct session *, struct chain *files, int64_t seq,
    const struct restore_options *, struct restore *out, struct err *);

/* The parts that make no plan: that the point is good, calls outside since
 * then; and the requests since then. */
int restore_point(const struct session *, const struct bundle *, int64_t seq,
    struct restore *, struct err *);
int restore_look(const struct session *, const struct manifest *, int64_t seq,
    struct restore *out, struct err *);

/* The chain up to the newest bundle that covers no more than `seq`; all of it
 * is borrowed from the whole one.  Status 66 when there is none. */
int restore_files(const struct chain *, int64_t seq, struct chain *out,
    struct err *);

#endif
