/* The records of tool calls: the call with its decision, and the result. */
#include "agent/runner.h"

#include <inttypes.h>
#include <string.h>

#include "agent/spend.h"
#include "agent/statelabels.h"
#include "base/jsonw.h"
#include "base/mem.h"

static void
put_decision(struct jsonw *w, const struct plan *p)
{
	const struct decision *d = &p->decision;
	size_t i;

	jsonw_object(w, "decision");
	jsonw_string(w, "verdict", grant_effect_name(p->decision.verdict));
	jsonw_array(w, "grants");
	if (d->verdict == GRANT_DENY && d->winner != NULL)
		jsonw_maybe(w, NULL, d->winner->id);
	for (i = 0; d->verdict == GRANT_ASK && i < d->used_count; i++)
		jsonw_maybe(w, NULL, d->used[i]->id);
	for (i = 0; d->verdict == GRANT_ALLOW && i < p->uses.count; i++)
		jsonw_string(w, NULL, p->uses.id[i]);
	jsonw_end(w, ']');
	callgrants_reserved(w, p);
	jsonw_maybe(w, "approval", p->approval);
	jsonw_string(w, "why", p->unusable ? p->why : p->decision.why);
	jsonw_end(w, '}');
}

static void
put_digests(struct jsonw *w, const struct tool_run *run)
{
	if (run->existed)
		jsonw_digest(w, "before", &run->before);
	jsonw_digest(w, "after", &run->after);
}

int
callrecord_call(struct runner *r, const struct plan *p, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	enum tool_effect effect =
	    p->tool == NULL ? EFFECT_NONE : p->tool->effect;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", p->call->id);
	jsonw_maybe(&w, "by", r->by);
	jsonw_string(&w, "tool", p->call->name);
	jsonw_string(&w, "effect", tool_effect_name(effect));
	put_decision(&w, p);
	if (p->started && p->tool->prepares && p->run.prepared)
		put_digests(&w, &p->run);
	jsonw_string(&w, "arguments", p->call->arguments);
	jsonw_end(&w, '}');
	return session_stage(
	    r->s, RECORD_TOOL_CALL, (struct slice){body.data, body.len}, e);
}

int
callrecord_result(struct runner *r, const struct call *c, const struct plan *p,
    const struct tool_result *res, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", c->id);
	jsonw_maybe(&w, "by", r->by);
	jsonw_string(&w, "status", tool_status_name(res->status));
	if (res->exit >= 0)
		jsonw_integer(&w, "exit", res->exit);
	labels_put(&w, "labels", res->labels);
	if (res->wrote.count > 0) {
		jsonw_array(&w, "wrote");
		for (i = 0; i < res->wrote.count; i++)
			jsonw_string(&w, NULL, res->wrote.items[i].body);
		jsonw_end(&w, ']');
	}
	buf_printf(w.out, ",\"seconds\":%" PRId64 ".%03d",
	    res->ns / CLOCK_SECOND,
	    (int)(res->ns % CLOCK_SECOND / CLOCK_MILLI));
	spend_write(&w, r, &res->took);
	if (p != NULL)
		callgrants_unused(&w, p);
	if (res->net.len > 0)
		jsonw_raw(&w, "net", buf_str(&res->net), res->net.len);
	if (p != NULL && p->took != 0)
		jsonw_integer(&w, "took", p->took);
	if (p != NULL && p->unusable)
		jsonw_bool(&w, "unusable", true);
	jsonw_text(&w, "text", buf_str(&res->text), res->text.len);
	jsonw_end(&w, '}');
	return session_stage(
	    r->s, RECORD_TOOL_RESULT, (struct slice){body.data, body.len}, e);
}

int
calls_result(struct runner *r, const struct call *c, enum tool_status status,
    int exit, const char *text, size_t len, struct err *e)
{
	struct tool_result res;
	int got;

	tool_result_init(&res);
	res.status = status;
	res.exit = exit;
	buf_add(&res.text, text, len);
	got = callrecord_result(r, c, NULL, &res, e);
	tool_result_free(&res);
	return got;
}

void
plan_settle(struct plan *p, enum tool_status status, const char *text)
{
	p->result.status = status;
	p->result.exit = -1;
	buf_puts(&p->result.text, text);
	p->settled = true;
}
