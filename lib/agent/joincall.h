/*
 * joincall.h: the tool join_agent.  Its join and its result are one commit, so
 * a call that was left open by a crash has joined nothing, and is made again.
 */
#ifndef AGENT_JOINCALL_H
#define AGENT_JOINCALL_H

#include "agent/runner.h"

bool joincall_is(const struct tool *);

/* Join, and settle the plan. */
int joincall_tool(struct runner *, struct plan *, struct err *);

#endif
