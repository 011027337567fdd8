#include "model/reply.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/utf8.h"
#include "model/raw.h"

void
model_options_init(struct model_options *o)
{
	memset(o, 0, sizeof(*o));
	o->deadline = CLOCK_NEVER;
	o->turn = -1;
	o->stop_fd = -1;
}

void
model_reply_init(struct model_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->attempts = 1;
}

void
model_reply_free(struct model_reply *r)
{
	buf_free(&r->text);
	buf_free(&r->calls);
	buf_free(&r->provider);
	model_reply_init(r);
}

const char *
model_stop_name(enum model_stop s)
{
	static const char *const names[] = {
	    "end", "calls", "length", "refusal", "other"};

	return names[s];
}

enum model_stop
reply_stop(const char *name)
{
	static const struct {
		const char *name;
		enum model_stop stop;
	} all[] = {
	    {"end", MODEL_STOP_END},
	    {"stop", MODEL_STOP_END},
	    {"end_turn", MODEL_STOP_END},
	    {"stop_sequence", MODEL_STOP_END},
	    {"calls", MODEL_STOP_CALLS},
	    {"tool_calls", MODEL_STOP_CALLS},
	    {"tool_use", MODEL_STOP_CALLS},
	    {"function_call", MODEL_STOP_CALLS},
	    {"length", MODEL_STOP_LENGTH},
	    {"max_tokens", MODEL_STOP_LENGTH},
	    {"model_context_window_exceeded", MODEL_STOP_LENGTH},
	    {"refusal", MODEL_STOP_REFUSAL},
	    {"content_filter", MODEL_STOP_REFUSAL},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(all); i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].stop;
	return MODEL_STOP_OTHER;
}

void
call_list_free(struct call_list *l)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		buf_free(&l->items[i].id);
		buf_free(&l->items[i].name);
		buf_free(&l->items[i].arguments);
	}
	free(l->items);
	memset(l, 0, sizeof(*l));
}

struct call *
call_add(struct call_list *l)
{
	struct call *c;

	if (l->count == CALLS_MAX)
		return NULL;
	mem_room(&l->items, l->count, &l->cap, sizeof(*l->items));
	c = &l->items[l->count++];
	memset(c, 0, sizeof(*c));
	return c;
}

void
reply_bad(struct model_reply *r, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	size_t n;

	if (r->bad[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = utf8_cut(text, strlen(text), sizeof(r->bad) - 1);
	memcpy(r->bad, text, n);
	r->bad[n] = '\0';
}

void
reply_text(struct model_reply *r, const struct model_options *o,
    const char *text, size_t len)
{
	if (len == 0)
		return;
	buf_add(&r->text, text, len);
	if (o->on_text != NULL)
		o->on_text(o->arg, text, len);
}

void
reply_calls(struct model_reply *r, struct slice array, struct call_list *l)
{
	struct slice item, inner, args;
	struct call *c;
	size_t at = 0;

	while (json_raw_next(array, &at, &item) == 1) {
		c = call_add(l);
		if (c == NULL) {
			reply_bad(r, "more than %d tool calls", CALLS_MAX);
			return;
		}
		(void)raw_string(item, "id", &c->id);
		if (!raw_get(item, "function", &inner))
			inner = item;
		(void)raw_string(inner, "name", &c->name);
		if (!raw_get(inner, "arguments", &args))
			buf_puts(&c->arguments, "{}");
		else if (raw_is(args, '"'))
			json_unquote(&c->arguments, args);
		else
			buf_add(&c->arguments, args.data, args.len);
	}
}

/* Text parts of a content array. */
static void
take_parts(struct slice parts, struct buf *out)
{
	struct slice part;
	size_t at = 0;

	while (json_raw_next(parts, &at, &part) == 1)
		(void)raw_string(part, "text", out);
}

void
reply_content(
    struct model_reply *r, const struct model_options *o, struct slice message)
{
	struct buf text CLEANUP_BUF = {0};
	struct slice v;

	if (raw_get(message, "content", &v) && raw_is(v, '['))
		take_parts(v, &text);
	else
		(void)raw_string(message, "content", &text);
	reply_text(r, o, buf_str(&text), text.len);
}

void
reply_message(struct model_reply *r, const struct model_options *o,
    struct slice message, struct call_list *l)
{
	struct slice v;

	reply_content(r, o, message);
	if (raw_get(message, "tool_calls", &v) && raw_is(v, '['))
		reply_calls(r, v, l);
}

static bool
id_is_taken(const struct call_list *l, size_t n)
{
	const struct buf *id = &l->items[n].id;
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(buf_str(&l->items[i].id), buf_str(id)) == 0)
			return true;
	return false;
}

static void
write_calls(struct model_reply *r, struct call_list *l)
{
	struct jsonw w = {&r->calls, false};
	char nonce[RAND_TEXT];
	struct call *c;
	size_t i;

	jsonw_array(&w, NULL);
	for (i = 0; i < l->count; i++) {
		c = &l->items[i];
		if (c->name.len == 0)
			reply_bad(r, "a tool call has no name");
		if (c->id.len == 0 || id_is_taken(l, i)) {
			rand_text(nonce);
			buf_clear(&c->id);
			buf_printf(&c->id, "call_%s", nonce);
		}
		if (c->arguments.len == 0)
			buf_puts(&c->arguments, "{}");
		jsonw_object(&w, NULL);
		jsonw_text(&w, "id", buf_str(&c->id), c->id.len);
		jsonw_string(&w, "type", "function");
		jsonw_object(&w, "function");
		jsonw_text(&w, "name", buf_str(&c->name), c->name.len);
		jsonw_text(
		    &w, "arguments", buf_str(&c->arguments), c->arguments.len);
		jsonw_end(&w, '}');
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
}

/* Budgets are counted with these: never trust a sign. */
static void
settle_usage(struct model_usage *u)
{
	if (u->input < 0)
		u->input = 0;
	if (u->output < 0)
		u->output = 0;
	if (u->cached < 0)
		u->cached = 0;
	if (u->cached > u->input)
		u->cached = u->input;
}

void
reply_finish(struct model_reply *r, struct call_list *l)
{
	settle_usage(&r->usage);
	buf_clear(&r->calls);
	if (l->count > 0 && r->bad[0] == '\0')
		write_calls(r, l);
	/* Some servers say "stop" beside calls, or the other way round. */
	if (l->count > 0 && r->stop != MODEL_STOP_LENGTH &&
	    r->stop != MODEL_STOP_REFUSAL)
		r->stop = MODEL_STOP_CALLS;
	else if (l->count == 0 && r->stop == MODEL_STOP_CALLS)
		r->stop = MODEL_STOP_END;
	if (l->count == 0 && r->text.len == 0 && r->stop != MODEL_STOP_REFUSAL)
		reply_bad(r, "the reply is empty%s",
		    r->stop == MODEL_STOP_LENGTH
			? ": the limit on its length was reached"
			: "");
	if (r->bad[0] != '\0') {
		buf_clear(&r->calls);
		buf_clear(&r->provider);
	}
}

static void
write_usage(struct jsonw *w, const struct model_usage *u)
{
	jsonw_object(w, "usage");
	jsonw_integer(w, "input_tokens", u->input);
	jsonw_integer(w, "output_tokens", u->output);
	jsonw_integer(w, "cached_tokens", u->cached);
	jsonw_end(w, '}');
	if (u->cost != 0)
		jsonw_integer(w, "cost", u->cost);
}

void
model_reply_json(const struct model_reply *r, struct buf *out)
{
	struct jsonw w = {out, false};

	jsonw_object(&w, NULL);
	jsonw_object(&w, "message");
	jsonw_string(&w, "role", "assistant");
	jsonw_text(&w, "content", buf_str(&r->text), r->text.len);
	if (r->calls.len > 0)
		jsonw_raw(&w, "tool_calls", r->calls.data, r->calls.len);
	if (r->provider.len > 0)
		jsonw_raw(&w, "provider", r->provider.data, r->provider.len);
	jsonw_end(&w, '}');
	jsonw_string(&w, "stop_reason", model_stop_name(r->stop));
	write_usage(&w, &r->usage);
	if (r->bad[0] != '\0')
		jsonw_string(&w, "bad", r->bad);
	jsonw_end(&w, '}');
}
