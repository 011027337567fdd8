/*
 * ckpt.h: checkpoints of an agent: what goes into a bundle, and where bundles
 * are.  ID/ckpt/SEQ.tar.zst covers the records up to SEQ; a ckpt record names
 * it by its id once it is durable.
 */
#ifndef AGENT_CKPT_H
#define AGENT_CKPT_H

#include "agent/session.h"
#include "bundle/chain.h"
#include "bundle/save.h"

#define CKPT_DIR  "ckpt"
#define CKPT_NAME 40 /* bytes of "SEQ.tar.zst" with its NUL */

/* `{0}` is none yet. */
struct ckpt_saved {
	char name[CKPT_NAME];
	struct digest id;
	int64_t seq, packed, files, stored;
	bool full;
	char *withheld; /* paths that hold secrets, one a line; or NULL */
};

void ckpt_saved_free(struct ckpt_saved *);

/*
 * Save the agent and its workspace as they are: commits what is staged, writes
 * the bundle durably, then records it.  `full`: all files, else what changed
 * since the last bundle.  Status 75 when a file would not keep still.
 */
int ckpt_save(struct session *, bool full,
    void (*progress)(void *arg, int64_t bytes), void *arg,
    struct ckpt_saved *out, struct err *);

/*
 * Look at the agent's workspace as it is now, open as `*work` then: digests
 * are those of `old`, where it has them.  `to_save` as in scan.h.  What holds
 * a secret is withheld (withhold.h; `last`: the tree of the bundle before),
 * and its paths are added to `withheld` (or NULL).
 */
int ckpt_scan(const struct session *, const struct snapshot *old,
    const struct snapshot *last, bool to_save, struct snapshot *now, int *work,
    struct buf *withheld, struct err *);

void ckpt_name(int64_t seq, char out[CKPT_NAME]);
/* The chain of the bundle that covers `seq`, all in the folder `dir`. */
int ckpt_follow(
    int dir, int64_t seq, bool history, struct chain *out, struct err *);

/* The seq of the newest bundle in the folder; 0: there is none. */
int ckpt_newest(int dir, int64_t *seq, struct err *);

/* The seqs of an agent's bundles, oldest first; the caller frees `*seqs`. */
int ckpt_list(const struct root *, const char *id, int64_t **seqs,
    size_t *count, struct err *);

/*
 * Open a bundle by what a person calls it: a file (what has a slash, or is
 * one), "-" for the standard input, or AGENT or AGENT@SEQ (the newest bundle that covers no more than
 * SEQ).  The chain finds its parents beside it.  Without `root` (NULL) only
 * files are looked for.  `most`: bytes that each bundle may expand to, and that
 * the standard input may give; 0: as reader.h says.  Status 66; 79.
 */
enum ckpt_reach {
	CKPT_ALONE,  /* the bundle itself; others may be missing */
	CKPT_TREE,   /* back to the newest full one */
	CKPT_HISTORY /* back to the first */
};
struct ckpt_chain {
	struct chain chain;
	int dir; /* where its parents are; -1 */
	int64_t most;
};
int ckpt_open(const struct root *, const char *name, enum ckpt_reach,
    int64_t most, struct ckpt_chain *out, struct err *);
/* Is it the name of a file, or "-"?  No agent's name has a slash. */
bool ckpt_is_path(const char *name);
/* The bundle in the folder `dir` that covers `seq`. */
int ckpt_bundle(int dir, int64_t seq, struct bundle **out, struct err *);
void ckpt_close(struct ckpt_chain *);

/*
 * The chain that ends with the parent of its oldest bundle, found beside it:
 * 1; 0: that one has no parent; -1: status 66 when it is missing.
 */
int ckpt_before(const struct ckpt_chain *, bool history, struct chain *out,
    struct err *);
/* Make a chain that was opened with less reach back to the first bundle. */
int ckpt_reach_first(struct ckpt_chain *, struct err *);

/*
 * Give each record of a chain that was opened with its history, its blobs in
 * place, in order and proved to follow each other.  Status 65.
 */
int ckpt_records(struct chain *, const struct past_each *, struct err *);
/* Append a blob that they name, from the bundle that has it.  Status 65. */
int ckpt_blob(struct chain *, const struct digest *, struct buf *out,
    struct err *);

/* What the records of such a chain make, for its conversation. */
int ckpt_state(struct chain *, struct state *out, struct err *);

/*
 * Prove that agent/state.json and agent/grants.json of the newest bundle are
 * the fold of the chain's records; the chain was opened with its history.
 * Status 65.
 */
int ckpt_prove_state(struct chain *, struct err *);

#endif
