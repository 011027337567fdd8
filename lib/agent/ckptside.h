/*
 * ckptside.h: one side of a comparison: a bundle, or an agent as it is now.
 * Both give the same: the texts of state and grants, a tree, and contents.
 */
#ifndef AGENT_CKPTSIDE_H
#define AGENT_CKPTSIDE_H

#include "agent/ckpt.h"
#include "bundle/diff.h"

/* Behind an agent's name: not a bundle of it, but the agent. */
#define CKPT_LIVE "@live"

struct ckpt_side {
	bool live;
	char agent[ULID_TEXT];
	struct buf state, grants;	/* as statejson.h writes them */
	struct ckpt_chain bundle;	/* unless it is live */
	struct chain_walk walk;
	struct session session;		/* when it is */
	struct snapshot now;
	struct snapshot_walk seen;
	int work;			/* its workspace; -1: not wanted */
};

/*
 * `name` and `most` as ckpt_open has them, or AGENT@live, which takes no lock: what is
 * committed, and the files as they are.  Without `files` only the state is
 * looked at.  Status 75: a file would not keep still.
 */
int ckpt_side_open(struct root *, const char *name, bool files, int64_t most,
    struct ckpt_side *out, struct err *);
void ckpt_side_close(struct ckpt_side *);

/* The conversation, as the elements of a JSON array with commas between.
 * Before ckpt_side_tree only.  Status 66: a bundle that holds a part of it is
 * missing. */
int ckpt_side_messages(struct ckpt_side *, struct buf *out, struct err *);

/* The tree from its start; the side must live as long. */
int ckpt_side_tree(struct ckpt_side *, struct tree_source *out, struct err *);
/* A file's contents, at most `most` bytes (status 79). */
int ckpt_side_content(struct ckpt_side *, const struct entry *, size_t most,
    struct buf *out, struct err *);

#endif
