/*
 * ckptshow.h: what agent-ckpt prints of bundles.  Foreign text passes through
 * the terminal-safe filter; with `json` it is one object a line.
 */
#ifndef CLI_CKPTSHOW_H
#define CLI_CKPTSHOW_H

#include "agent/ckpt.h"
#include "cli/ckptverb.h"
#include "cli/show.h"

/* The newest bundle of the chain: what the agent was doing, its grants, and
 * what changed since the parent, as far as that is beside it. */
int ckptshow_bundle(
    const struct ckpt_args *, struct ckpt_chain *, struct err *);

/* The conversation of a chain that was opened with its history. */
int ckptshow_messages(struct chain *, bool json, struct err *);
/* What two conversations, as elements of JSON arrays, do not begin with alike,
 * by role: ", 2 assistant added" appended to `text`, the same as an object to
 * `json`. */
void ckptmessages_compare(const struct buf *a, const struct buf *b,
    struct buf *json, struct buf *text);

/* One row of `agent-ckpt list`, as JSON at once or as cells; without a bundle
 * the row of titles. */
#define CKPTSHOW_COLUMNS 6
void ckptshow_row(struct table *, const struct bundle *, bool json);

#endif
