/*
 * message.h: what the model is told, as messages of the request's form.  Pure
 * functions from records to text: a change here changes requests, and needs a
 * new REQUEST_FORM.
 */
#ifndef AGENT_MESSAGE_H
#define AGENT_MESSAGE_H

#include "base/buf.h"
#include "base/json.h"
#include "base/jsontext.h"

/* Append one message to `out`; `content` is a JSON string's token. */
void message_plain(struct buf *out, const char *role, struct slice content);
/* `calls` and `provider` are JSON or empty. */
void message_assistant(struct buf *out, struct slice content,
    struct slice calls, struct slice provider);
void message_tool(struct buf *out, const char *model_id, const char *status,
    struct slice content);

#endif
