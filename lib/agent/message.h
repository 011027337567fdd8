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
/* The content of what came by mail: who it is from in a line of its own, then
 * the text; with `parts` (an array, or empty) an array that ends in these. */
void message_mail(struct buf *content, const char *head, struct slice text,
    struct slice parts);

#endif
