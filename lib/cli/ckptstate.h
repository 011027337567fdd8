/*
 * ckptstate.h: what agent-ckpt prints of two states that differ, and of a
 * conversation.
 */
#ifndef CLI_CKPTSTATE_H
#define CLI_CKPTSTATE_H

#include "agent/ckptside.h"
#include "cli/ckptverb.h"

/* A row for each thing that differs, or one object with --json; `*found`
 * when there is one. */
int ckptstate_compare(const struct ckpt_args *, struct ckpt_side *a,
    struct ckpt_side *b, bool *found, struct err *);

#endif
