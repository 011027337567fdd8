/*
 * ckptshow.h: what agent-ckpt prints of bundles.  Foreign text passes through
 * the terminal-safe filter; with `json` it is one object a line.
 */
#ifndef CLI_CKPTSHOW_H
#define CLI_CKPTSHOW_H

#include "agent/ckpt.h"
#include "bundle/diff.h"
#include "cli/show.h"

/* The newest bundle of the chain: what the agent was doing, its grants, and
 * what changed since the parent. */
int ckptshow_bundle(struct chain *, bool json, struct err *);

/* One row of `agent-ckpt list`, as JSON at once or as cells; without a bundle
 * the row of titles. */
#define CKPTSHOW_COLUMNS 6
void ckptshow_row(struct table *, const struct bundle *, bool json);

/* One path that differs: "added PATH". */
void ckptshow_change(const struct diff_change *, bool json);

#endif
