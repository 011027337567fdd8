/*
 * sending.h: the tool send_message.  Its letter has the name of its tool.call,
 * so that a call that is made again after a crash sends nothing twice.
 */
#ifndef AGENT_SENDING_H
#define AGENT_SENDING_H

#include "agent/runner.h"

bool sending_is(const struct tool *);

/* Whom the call names: an agent's id and, if it has one, its name, with what
 * it is to this one. */
void sending_find(struct runner *, const struct json *arguments,
    struct tool_peer *out);
void sending_peer_free(struct tool_peer *);

/* Send, and settle the plan. */
int sending_tool(struct runner *, struct plan *, struct err *);

#endif
