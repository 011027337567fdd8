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
#define CKPT_NAME 40	/* bytes of "SEQ.tar.zst" with its NUL */

struct ckpt_saved {
	char name[CKPT_NAME];
	struct digest id;
	int64_t seq, packed, files, stored;
	bool full;
};

/*
 * Save the agent and its workspace as they are: commits what is staged, writes
 * the bundle durably, then records it.  `full`: all files, else what changed
 * since the last bundle.  Status 75 when a file would not keep still.
 */
int ckpt_save(struct session *, bool full,
    void (*progress)(void *arg, int64_t bytes), void *arg,
    struct ckpt_saved *out, struct err *);

void ckpt_name(int64_t seq, char out[CKPT_NAME]);
/* Is it the bundle of this id, or one that replaces it? */
bool ckpt_is(const struct bundle *, const struct digest *id);
/* The chain of the bundle that covers `seq`, all in the folder `dir`. */
int ckpt_follow(int dir, int64_t seq, bool history, struct chain *out,
    struct err *);

/* The seqs of an agent's bundles, oldest first; the caller frees `*seqs`. */
int ckpt_list(const struct root *, const char *id, int64_t **seqs,
    size_t *count, struct err *);

/*
 * Open a bundle by what a person calls it: a file, "-" for the standard
 * input, or AGENT or AGENT@SEQ (the newest bundle that covers no more than
 * SEQ).  The chain finds its parents beside it.  Without `root` (NULL) only
 * files are looked for.  Status 66.
 */
struct ckpt_chain {
	struct chain chain;
	int dir;		/* where its parents are; -1 */
};
int ckpt_open(const struct root *, const char *name, bool history,
    struct ckpt_chain *out, struct err *);
void ckpt_close(struct ckpt_chain *);

/*
 * Prove that agent/state.json and agent/grants.json of the newest bundle are
 * the fold of the chain's records; the chain was opened with its history.
 * Status 65.
 */
int ckpt_prove_state(struct chain *, struct err *);

#endif
