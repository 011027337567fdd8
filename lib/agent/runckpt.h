/*
 * runckpt.h: the bundles that a run makes of its agent, when its options say
 * so (enum run_ckpt), and that old ones are thinned out.
 */
#ifndef AGENT_RUNCKPT_H
#define AGENT_RUNCKPT_H

#include "agent/runner.h"

/* The first bundle is of what there was before the agent did anything: what
 * it changed can be told, and undone. */
int runckpt_first(struct runner *, struct err *);
/* A bundle between two turns, or at the end (`last`), if one is due. */
int runckpt_due(struct runner *, bool last, struct err *);

#endif
