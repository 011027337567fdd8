/* Model calls and tool calls as spans. */
#include "audit/otlpfold.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GRANTS ((size_t)64)

static const char *
name_of(const char *spec)
{
	const char *colon = spec == NULL ? NULL : strchr(spec, ':');

	return colon == NULL ? spec == NULL ? "model" : spec : colon + 1;
}

static void
put_record(struct otlp_span *s, const struct record *r)
{
	otlpspan_integer(s, "agentutils.seq", r->seq);
	otlpspan_digest(s, "agentutils.digest", &r->digest);
}

/* ---- model calls ------------------------------------------------------------------------------ */

int
otlp_model_call(struct folding *f, const struct record *r, const struct json *b,
    struct err *e)
{
	const char *call = json_get_string(b, "call");
	const char *spec = json_get_string(b, "model");
	struct otlp_span *s;

	if (call == NULL || otlp_find(f, call) != NULL)
		return 0;
	if (otlp_close_turn(f, e) < 0)
		return -1;
	f->in_turn = true;
	f->turn =
	    (struct otlp_span){.kind = OTLPSPAN_INTERNAL, .start = r->time};
	f->turn.name = mem_printf("turn %" PRId64, ++f->turns);
	otlpspan_id(f->agent, r->seq, "turn", f->turn.id);
	memcpy(f->turn.parent, f->whole.id, OTLPSPAN_ID);
	otlpspan_integer(&f->turn, "agentutils.turn", f->turns);
	otlpspan_integer(&f->turn, "agentutils.seq", r->seq);

	s = otlp_open(f, call, r, "chat");
	s->kind = OTLPSPAN_CLIENT;
	s->name = mem_printf("chat %s", name_of(spec));
	otlpspan_text(s, "gen_ai.operation.name", "chat");
	otlp_model(s, spec);
	otlpspan_text(s, "gen_ai.conversation.id", f->agent);
	otlpspan_text(s, "gen_ai.agent.id", f->agent);
	otlpspan_text(s, "agentutils.call", call);
	otlpspan_text(s, "agentutils.request", json_get_string(b, "request"));
	put_record(s, r);
	return 0;
}

/* The names of the conventions for why a model stopped. */
static const char *
finish_reason(const char *stop)
{
	static const char *const names[][2] = {{"end", "stop"},
	    {"calls", "tool_call"}, {"length", "length"},
	    {"refusal", "content_filter"}};
	size_t i;

	for (i = 0; i < COUNT_OF(names) && stop != NULL; i++)
		if (strcmp(stop, names[i][0]) == 0)
			return names[i][1];
	return "error";
}

/* gen_ai.output.messages, as its JSON Schema has it. */
static void
put_output(struct otlp_span *s, const struct json *b, const char *reason)
{
	const char *text = json_get_string(b, "text");
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	const struct json *c, *fn;

	jsonw_array(&w, NULL);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "role", "assistant");
	jsonw_array(&w, "parts");
	if (text != NULL && text[0] != '\0') {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "type", "text");
		jsonw_string(&w, "content", text);
		jsonw_end(&w, '}');
	}
	for (c = json_first(json_get(b, "calls")); c != NULL;
	     c = json_next(c)) {
		fn = json_get(c, "function");
		if (json_get_string(fn, "name") == NULL)
			continue;
		jsonw_object(&w, NULL);
		jsonw_string(&w, "type", "tool_call");
		jsonw_maybe(&w, "id", json_get_string(c, "id"));
		jsonw_string(&w, "name", json_get_string(fn, "name"));
		jsonw_maybe(&w, "arguments", json_get_string(fn, "arguments"));
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_string(&w, "finish_reason", reason);
	jsonw_end(&w, '}');
	jsonw_end(&w, ']');
	otlpspan_text(s, "gen_ai.output.messages", buf_str(&out));
}

int
otlp_model_reply(struct folding *f, const struct record *r,
    const struct json *b, struct err *e)
{
	struct open_span *o = otlp_find(f, json_get_string(b, "call"));
	const struct json *u = json_get(b, "usage");
	const char *bad = json_get_string(b, "bad");
	const char *reason =
	    bad != NULL ? "error" : finish_reason(json_get_string(b, "stop"));
	int64_t input = json_get_integer(u, "input", 0);
	int64_t output = json_get_integer(u, "output", 0);
	int64_t cached = json_get_integer(u, "cached", 0);
	int64_t cost = json_get_integer(b, "cost", 0);
	struct otlp_span *s;

	if (o == NULL)
		return 0;
	s = &o->span;
	otlpspan_texts(s, "gen_ai.response.finish_reasons", &reason, 1);
	otlpspan_integer(s, "gen_ai.usage.input_tokens", input);
	otlpspan_integer(s, "gen_ai.usage.output_tokens", output);
	otlpspan_integer(s, "gen_ai.usage.cache_read.input_tokens", cached);
	otlpspan_integer(s, "agentutils.cost", cost);
	otlpspan_integer(s, "agentutils.reply.seq", r->seq);
	otlpspan_digest(s, "agentutils.reply.digest", &r->digest);
	if (bad != NULL)
		otlpspan_fail(s, "bad_reply", bad);
	if (f->otlp->content)
		put_output(s, b, reason);
	f->input += input;
	f->output += output;
	f->cached += cached;
	f->cost += cost;
	return otlp_close(f, o, r->time, e);
}

/* ---- tool calls ------------------------------------------------------------------------------- */

static void
put_decision(struct otlp_span *s, const struct json *d)
{
	const char *grants[GRANTS];
	const struct json *g;
	size_t n = 0;

	otlpspan_text(s, "agentutils.verdict", json_get_string(d, "verdict"));
	otlpspan_text(s, "agentutils.approval", json_get_string(d, "approval"));
	for (g = json_first(json_get(d, "grants")); g != NULL && n < GRANTS;
	     g = json_next(g))
		grants[n++] = json_string(g);
	if (n > 0)
		otlpspan_texts(s, "agentutils.grants", grants, n);
}

void
otlp_tool_call(struct folding *f, const struct record *r, const struct json *b)
{
	const char *call = json_get_string(b, "call");
	const char *tool = json_get_string(b, "tool");
	struct otlp_span *s =
	    call == NULL ? NULL : otlp_open(f, call, r, "execute_tool");

	if (s == NULL)
		return;
	s->kind = OTLPSPAN_INTERNAL;
	s->name = mem_printf("execute_tool %s", tool == NULL ? "?" : tool);
	otlpspan_text(s, "gen_ai.operation.name", "execute_tool");
	otlpspan_text(s, "gen_ai.tool.name", tool);
	otlpspan_text(s, "gen_ai.tool.type", "function");
	otlpspan_text(s, "gen_ai.tool.call.id", call);
	otlpspan_text(s, "gen_ai.conversation.id", f->agent);
	otlpspan_text(s, "gen_ai.agent.id", f->agent);
	otlpspan_text(s, "agentutils.effect", json_get_string(b, "effect"));
	otlpspan_text(s, "agentutils.by", json_get_string(b, "by"));
	put_decision(s, json_get(b, "decision"));
	put_record(s, r);
	if (!f->otlp->content)
		return;
	otlpspan_text(
	    s, "gen_ai.tool.call.arguments", json_get_string(b, "arguments"));
	/* It names the path or the host that was asked for. */
	otlpspan_text(s, "agentutils.why",
	    json_get_string(json_get(b, "decision"), "why"));
}

int
otlp_tool_result(struct folding *f, const struct record *r,
    const struct json *b, struct err *e)
{
	struct open_span *o = otlp_find(f, json_get_string(b, "call"));
	const char *status = json_get_string(b, "status");
	int64_t code;

	if (o == NULL)
		return 0;
	otlpspan_text(&o->span, "agentutils.status", status);
	if (json_integer(json_get(b, "exit"), &code))
		otlpspan_integer(&o->span, "agentutils.exit", code);
	otlpspan_integer(&o->span, "agentutils.result.seq", r->seq);
	otlpspan_digest(&o->span, "agentutils.result.digest", &r->digest);
	if (f->otlp->content)
		otlpspan_text(&o->span, "gen_ai.tool.call.result",
		    json_get_string(b, "text"));
	if (status != NULL && strcmp(status, "ok") != 0 &&
	    strcmp(status, "pending") != 0)
		otlpspan_fail(&o->span, status, NULL);
	return otlp_close(f, o, r->time, e);
}
