/* Replies of Chat Completions, in one piece or as chunks. */
#include <string.h>

#include "model/raw.h"
#include "model/remote.h"

static void
take_usage(struct incoming *in, struct slice u)
{
	struct model_usage *to = &in->out->usage;
	struct slice details;

	to->input = raw_integer(u, "prompt_tokens", to->input);
	to->output = raw_integer(u, "completion_tokens", to->output);
	if (raw_get(u, "prompt_tokens_details", &details))
		to->cached = raw_integer(details, "cached_tokens", to->cached);
}

/*
 * The call that a delta belongs to.  Calls are told apart by `index`; servers
 * that leave it out, or give each call the same, begin a new one with a new
 * id.
 */
static struct call *
find_call(struct call_list *l, struct slice delta)
{
	int64_t index = raw_integer(delta, "index", -1);
	struct buf id CLEANUP_BUF = {0};
	struct call *c = NULL;
	size_t i;

	(void)raw_string(delta, "id", &id);
	for (i = l->count; i > 0 && c == NULL; i--)
		if (index < 0 || l->items[i - 1].index == index)
			c = &l->items[i - 1];
	if (c != NULL && (id.len == 0 || c->id.len == 0 ||
			     strcmp(buf_str(&c->id), buf_str(&id)) == 0))
		return c;
	c = call_add(l);
	if (c != NULL)
		c->index = index < 0 ? (int64_t)l->count - 1 : index;
	return c;
}

static int
take_call(struct incoming *in, struct slice delta)
{
	struct call *c = find_call(&in->calls, delta);
	struct slice function, args;

	if (c == NULL) {
		reply_bad(in->out, "more than %d tool calls", CALLS_MAX);
		return -1;
	}
	if (c->id.len == 0)
		(void)raw_string(delta, "id", &c->id);
	if (!raw_get(delta, "function", &function))
		return 0;
	if (c->name.len == 0)
		(void)raw_string(function, "name", &c->name);
	if (raw_get(function, "arguments", &args)) {
		if (raw_is(args, '"'))
			json_unquote(&c->arguments, args);
		else
			buf_add(&c->arguments, args.data, args.len);
	}
	return 0;
}

static void
take_refusal(struct incoming *in, struct slice message)
{
	struct buf text CLEANUP_BUF = {0};

	if (!raw_string(message, "refusal", &text))
		return;
	reply_text(in->out, in->options, buf_str(&text), text.len);
	in->out->stop = MODEL_STOP_REFUSAL;
}

static void
take_finish(struct incoming *in, struct slice choice)
{
	struct buf word CLEANUP_BUF = {0};

	if (!raw_string(choice, "finish_reason", &word))
		return;
	in->stopped = true;
	if (in->out->stop != MODEL_STOP_REFUSAL)
		in->out->stop = reply_stop(buf_str(&word));
}

static int
take_delta(struct incoming *in, struct slice delta)
{
	struct slice calls, call;
	size_t at = 0;

	reply_content(in->out, in->options, delta);
	take_refusal(in, delta);
	if (!raw_get(delta, "tool_calls", &calls) || !raw_is(calls, '['))
		return 0;
	while (json_raw_next(calls, &at, &call) == 1)
		if (take_call(in, call) < 0)
			return -1;
	return 0;
}

/* The first of the choices; the usage chunk has none. */
static bool
first_choice(struct slice body, struct slice *out)
{
	struct slice choices;
	size_t at = 0;

	return raw_get(body, "choices", &choices) && raw_is(choices, '[') &&
	       json_raw_next(choices, &at, out) == 1;
}

static int
event(struct incoming *in, struct slice data)
{
	struct slice v, choice;
	struct err e;

	if (data.len == 6 && memcmp(data.data, "[DONE]", 6) == 0)
		return 1;
	if (json_check(data.data, data.len, &e) < 0) {
		reply_bad(
		    in->out, "a piece of the stream is not JSON: %s", e.msg);
		return -1;
	}
	if (incoming_error(in, data))
		return -1;
	if (raw_get(data, "usage", &v))
		take_usage(in, v);
	if (!first_choice(data, &choice))
		return 0;
	if (raw_get(choice, "delta", &v) && take_delta(in, v) < 0)
		return -1;
	take_finish(in, choice);
	return 0;
}

static void
whole(struct incoming *in, struct slice body)
{
	struct slice v, choice, message;

	if (raw_get(body, "usage", &v))
		take_usage(in, v);
	if (!first_choice(body, &choice) ||
	    !raw_get(choice, "message", &message)) {
		reply_bad(in->out, "the reply has no choices");
		return;
	}
	reply_message(in->out, in->options, message, &in->calls);
	take_refusal(in, message);
	take_finish(in, choice);
	in->stopped = true;
}

const struct protocol protocol_openai = {
    "openai", "/chat/completions", event, whole};
