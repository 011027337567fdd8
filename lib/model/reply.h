/*
 * reply.h: making a reply.  Tool calls are collected here while they come in
 * pieces; a reply is finished exactly once, which settles its stop reason and
 * whether it is usable.  Private to lib/model.
 */
#ifndef MODEL_REPLY_H
#define MODEL_REPLY_H

#include "model/model.h"

/* More calls in one reply are a runaway model. */
enum { CALLS_MAX = 128 };

struct call {
	int64_t index;	/* the stream's name for it */
	struct buf id, name, arguments;
};

struct call_list {
	struct call *items;
	size_t count, cap;
};

void call_list_free(struct call_list *);
/* A new call at the end, or NULL when there are CALLS_MAX. */
struct call *call_add(struct call_list *);

/* Remember why the reply is bad (the first reason stays). */
void reply_bad(struct model_reply *, const char *fmt, ...) PRINTF(2, 3);
/* Add text, and tell on_text. */
void reply_text(struct model_reply *, const struct model_options *,
    const char *, size_t);

/* Any provider's name for a reason to stop; MODEL_STOP_OTHER when unknown. */
enum model_stop reply_stop(const char *name);

/* The text of a message or delta: `content`, a string or an array of parts. */
void reply_content(struct model_reply *, const struct model_options *,
    struct slice message);
/* An assistant message, text that passed json_check: its content and calls.
 * What cannot be used makes the reply bad. */
void reply_message(struct model_reply *, const struct model_options *,
    struct slice message, struct call_list *);
/* The calls of an array of {"id","function":{"name","arguments"}} or
 * {"id","name","arguments"}; arguments are text or any JSON value. */
void reply_calls(struct model_reply *, struct slice array, struct call_list *);

/* Write the calls, which get ids where they have none or a second time the
 * same; settle the stop reason; a reply with nothing in it becomes bad. */
void reply_finish(struct model_reply *, struct call_list *);

#endif
