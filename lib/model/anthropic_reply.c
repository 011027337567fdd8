/* Replies of the Messages API, in one piece or as events. */
#include <string.h>

#include "model/raw.h"
#include "model/remote.h"

/* Input tokens are told without the cached ones; ours are with them.  Counts
 * in a stream are cumulative: the last of each stands. */
static void
take_usage(struct incoming *in, struct slice u)
{
	struct model_usage *to = &in->out->usage;
	int64_t input = raw_integer(u, "input_tokens", -1);
	int64_t made = raw_integer(u, "cache_creation_input_tokens", 0);
	int64_t read = raw_integer(u, "cache_read_input_tokens", 0);

	to->output = raw_integer(u, "output_tokens", to->output);
	if (input < 0 || made < 0 || read < 0)
		return;
	if (input + made + read > 0) {
		to->input = input + made + read;
		to->cached = read;
	}
}

static enum block_type
type_of(struct slice block)
{
	if (raw_equal(block, "type", "text"))
		return BLOCK_TEXT;
	if (raw_equal(block, "type", "tool_use"))
		return BLOCK_CALL;
	if (raw_equal(block, "type", "thinking"))
		return BLOCK_THINKING;
	return BLOCK_OTHER;
}

static int
start_call(struct incoming *in, struct block *b, struct slice raw)
{
	struct call *c = call_add(&in->calls);
	struct slice input;

	if (c == NULL) {
		reply_bad(in->out, "more than %d tool calls", CALLS_MAX);
		return -1;
	}
	b->call = in->calls.count - 1;
	(void)raw_string(raw, "id", &c->id);
	(void)raw_string(raw, "name", &c->name);
	if (raw_get(raw, "input", &input) && raw_is(input, '{'))
		buf_add(&b->input, input.data, input.len);
	return 0;
}

/* A block begins; of a reply in one piece it is the whole block. */
static int
start_block(struct incoming *in, int64_t index, struct slice raw)
{
	struct block *b = block_add(&in->blocks, index);

	if (b == NULL) {
		reply_bad(in->out, "too many blocks");
		return -1;
	}
	b->type = type_of(raw);
	switch (b->type) {
	case BLOCK_TEXT:
		(void)raw_string(raw, "text", &b->text);
		reply_text(
		    in->out, in->options, buf_str(&b->text), b->text.len);
		return 0;
	case BLOCK_CALL:
		return start_call(in, b, raw);
	case BLOCK_THINKING:
		(void)raw_string(raw, "thinking", &b->text);
		(void)raw_string(raw, "signature", &b->signature);
		return 0;
	case BLOCK_OTHER:
		buf_add(&b->text, raw.data, raw.len);
	}
	return 0;
}

static void
add_delta(struct incoming *in, struct block *b, struct slice delta)
{
	size_t from = b->text.len;

	switch (b->type) {
	case BLOCK_TEXT:
		(void)raw_string(delta, "text", &b->text);
		reply_text(in->out, in->options, buf_str(&b->text) + from,
		    b->text.len - from);
		break;
	case BLOCK_CALL:
		(void)raw_string(
		    delta, "partial_json", &in->calls.items[b->call].arguments);
		break;
	case BLOCK_THINKING:
		(void)raw_string(delta, "thinking", &b->text);
		(void)raw_string(delta, "signature", &b->signature);
		break;
	case BLOCK_OTHER:
		break;
	}
}

static void
take_stop(struct incoming *in, struct slice from)
{
	struct buf word CLEANUP_BUF = {0};

	if (!raw_string(from, "stop_reason", &word))
		return;
	in->stopped = true;
	in->out->stop = reply_stop(buf_str(&word));
}

static int
take_event(struct incoming *in, struct slice data)
{
	struct slice v, usage;
	struct block *b;
	int64_t index = raw_integer(data, "index", 0);

	if (raw_equal(data, "type", "message_start")) {
		if (raw_get(data, "message", &v) && raw_get(v, "usage", &usage))
			take_usage(in, usage);
	} else if (raw_equal(data, "type", "content_block_start")) {
		if (raw_get(data, "content_block", &v))
			return start_block(in, index, v);
	} else if (raw_equal(data, "type", "content_block_delta")) {
		b = block_find(&in->blocks, index);
		if (b != NULL && raw_get(data, "delta", &v))
			add_delta(in, b, v);
	} else if (raw_equal(data, "type", "message_delta")) {
		if (raw_get(data, "usage", &usage))
			take_usage(in, usage);
		if (raw_get(data, "delta", &v))
			take_stop(in, v);
	} else if (raw_equal(data, "type", "message_stop")) {
		return 1;
	}
	return 0; /* pings, and what is not known yet */
}

static int
event(struct incoming *in, struct slice data)
{
	struct err e;

	if (json_check(data.data, data.len, &e) < 0) {
		reply_bad(
		    in->out, "a piece of the stream is not JSON: %s", e.msg);
		return -1;
	}
	return incoming_error(in, data) ? -1 : take_event(in, data);
}

static void
whole(struct incoming *in, struct slice body)
{
	struct slice v, block;
	size_t at = 0;
	int64_t n = 0;

	if (raw_get(body, "usage", &v))
		take_usage(in, v);
	if (!raw_get(body, "content", &v) || !raw_is(v, '[')) {
		reply_bad(in->out, "the reply has no content");
		return;
	}
	while (json_raw_next(v, &at, &block) == 1)
		if (start_block(in, n++, block) < 0)
			return;
	take_stop(in, body);
	in->stopped = true;
}

const struct protocol protocol_anthropic = {
    "anthropic", "/v1/messages", event, whole};
