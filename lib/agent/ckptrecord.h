/*
 * ckptrecord.h: a bundle is the agent's once a record names it.  A crash
 * between the two leaves a bundle that is whole and has no record: it gets
 * one before anything else is done with bundles.
 */
#ifndef AGENT_CKPTRECORD_H
#define AGENT_CKPTRECORD_H

#include "agent/ckpt.h"

/* Record and commit.  `offset`: where in the journal the records behind
 * those that the manifest covers begin. */
int ckpt_record(struct session *, const struct manifest *,
    const struct written *, int64_t offset, struct err *);

/*
 * Record the newest bundle in the folder `dir` when none does: one of this
 * agent that follows the last recorded one, and whose head is in the journal.
 * Any other is left alone.
 */
int ckpt_adopt(struct session *, int dir, struct err *);

#endif
