/*
 * forkcall.h: the tool fork_agent.  Its record `fork` names the call, so that
 * one which a crash left open has made its children, or none.
 */
#ifndef AGENT_FORKCALL_H
#define AGENT_FORKCALL_H

#include "agent/runner.h"

bool forkcall_is(const struct tool *);

/* Make the children, or find those that the call made, and settle the plan. */
int forkcall_tool(struct runner *, struct plan *, struct err *);

#endif
