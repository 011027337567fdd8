/*
 * join.h: a child's work comes back to its parent: its report as a message,
 * and its changed files, merged with the parent's against the workspace that
 * the fork began with (joinmerge.h).
 *
 * The child is saved as a bundle first, which the record names: nothing of its
 * work is lost, whatever becomes of the merge.  It is joined once.
 */
#ifndef AGENT_JOIN_H
#define AGENT_JOIN_H

#include "agent/joinmerge.h"
#include "agent/order.h"

struct join_options {
	/* With the parent's authority only: the child must have ended, and the
	 * parent's grants must allow each path to be written. */
	bool by_agent;
	/* The call of the parent's model that asks for it, which is open and
	 * has the text as its result; or NULL. */
	const char *call;
	/* The child's files are those of its bundle of this record; 0: as they
	 * are. */
	int64_t at;
	const struct restore_options *files;
};

/*
 * As the holder of the parent's lock, while no call is in flight: prepare the
 * join and stage its record, which is for the caller to commit by
 * rework_finish.  `text` (the caller's to free) is what the model is told; it
 * is a message of the conversation unless a call asked for it.  Status 65 it
 * was joined before, 75 it runs, or has not ended, or files would not keep
 * still, 77 it is no child of this agent, or this one may not write.
 */
int join_stage(struct session *, const char *child, const struct join_options *,
    char **text, struct err *);

/* The verb of a command: {"child":ID,"at":SEQ}. */
int join_apply(struct session *, const struct order *, struct err *);

/* jointold.c: what records say of a join, for who commanded it. */
struct jointold {
	int64_t seq;		/* of its record; 0: there is none */
	struct joinmerge merge;	/* stamps of merged files are `known` */
};
/* Of the join of `child` behind the record `after` of its parent. */
int jointold_read(struct root *, const char *parent, const char *child,
    int64_t after, struct jointold *out, struct err *);

/* joincontents.c: contents to merge line by line. */
struct joincontents {
	struct chain ours, theirs;	/* with their histories, if they are
					   there */
	size_t total;			/* bytes that were merged */
};
void joincontents_free(struct joincontents *);
struct jointexts joincontents_texts(struct joincontents *);

/* joinrecord.c: one join, as its record and its message tell of it. */
struct joined {
	const struct session *child;
	const struct family_child *fork;
	const struct bundle *bundle;	/* of the child */
	const struct digest *saved;	/* the parent's bundle */
	const struct joinmerge *merge;
	const char *call;
};
char *joinrecord_text(const struct joined *);
/* `text` NULL: it is no message. */
int joinrecord_stage(struct session *, const struct joined *, const char *text,
    struct err *);

#endif
