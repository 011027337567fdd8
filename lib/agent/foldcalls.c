/* state_apply's records of tool calls and of what people answer. */
#include "agent/folding.h"

#include <inttypes.h>
#include <string.h>

#include "agent/message.h"
#include "base/mem.h"

bool
folding_digest(const struct json *body, const char *key, struct digest *out)
{
	const char *hex = json_get_string(body, key);

	return hex != NULL && digest_parse(hex, strlen(hex), out) == 0;
}

static enum grant_effect
read_verdict(const struct json *decision)
{
	const char *v = json_get_string(decision, "verdict");

	if (v != NULL && strcmp(v, "allow") == 0)
		return GRANT_ALLOW;
	return v != NULL && strcmp(v, "ask") == 0 ? GRANT_ASK : GRANT_DENY;
}

static void
spend_approval(struct state *s, const char *request)
{
	size_t i;

	for (i = 0; request != NULL && i < s->approval_count; i++)
		if (strcmp(s->approvals[i].request, request) == 0) {
			approval_free(&s->approvals[i]);
			s->approvals[i] = s->approvals[--s->approval_count];
			return;
		}
}

int
folding_tool_call(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "call");
	const char *effect = json_get_string(f->body, "effect");
	const struct json *decision;
	struct call *c;

	if (id == NULL)
		return folding_bad(f, "no call", e);
	decision = json_get(f->body, "decision");
	if (json_get_string(f->body, "by") != NULL) {
		/* A person's, by agent-tool: no part of the turn, but it takes
		 * its uses. */
		if (read_verdict(decision) == GRANT_ALLOW)
			folding_spend(f->s, decision);
		return 0;
	}
	c = state_call(f->s, id);
	if (c == NULL || c->phase != CALL_WANTED)
		return folding_bad(f, "a call that nobody asked for", e);
	if (effect == NULL || tool_effect_parse(effect, &c->effect) < 0)
		return folding_bad(f, "bad effect", e);
	c->verdict = read_verdict(decision);
	if (c->verdict == GRANT_ALLOW) {
		folding_spend(f->s, decision);
		spend_approval(f->s, json_get_string(decision, "approval"));
	}
	c->phase = CALL_OPEN;
	c->seq = f->rec->seq;
	c->prepared = folding_digest(f->body, "after", &c->after);
	c->existed = folding_digest(f->body, "before", &c->before);
	f->s->usage.tool_calls++;
	return 0;
}

int
folding_tool_result(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "call");
	const char *status = json_get_string(f->body, "status");
	struct state *s = f->s;
	const struct json *label;
	struct call *c;
	size_t from, i;

	if (id == NULL || status == NULL || f->text.len == 0)
		return folding_bad(f, "no call, status or text", e);
	folding_give_back(s, json_get(f->body, "unused"));
	if (json_get_string(f->body, "by") != NULL)
		return 0;
	c = state_call(s, id);
	if (c == NULL || c->phase != CALL_OPEN)
		return folding_bad(f, "the result of no open call", e);
	c->phase = CALL_CLOSED;
	for (label = json_first(json_get(f->body, "labels")); label != NULL;
	     label = json_next(label))
		if (json_string(label) != NULL &&
		    strcmp(json_string(label), "tainted") == 0)
			s->tainted = true;
	from = folding_begin(s);
	message_tool(&s->convo, c->model_id, status, f->text);
	folding_end(s, from);
	if (strcmp(c->name, "report") == 0 && strcmp(status, "ok") == 0)
		folding_set(&s->report, json_get_string(f->body, "text"));
	if (!json_get_bool(f->body, "unusable", false))
		s->bad_streak = 0;
	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase != CALL_CLOSED)
			return 0;
	folding_flush(s);
	s->needs_model = true; /* all results are there */
	if (json_get_bool(f->body, "unusable", false))
		s->bad_streak++;
	return 0;
}

int
folding_ask(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "request");
	const char *deadline = json_get_string(f->body, "deadline");
	struct request r = {.seq = f->rec->seq};
	struct state *s = f->s;

	if (id == NULL ||
	    (deadline != NULL && clock_parse(deadline, &r.deadline) < 0))
		return folding_bad(f, "no request, or a bad deadline", e);
	r.id = mem_strdup(id);
	r.call = mem_strdup(json_get_string(f->body, "call"));
	r.tool = mem_strdup(json_get_string(f->body, "tool"));
	r.text = mem_strdup(json_get_string(f->body, "text"));
	r.arguments = mem_strdup(json_get_string(f->body, "arguments"));
	r.effect = mem_strdup(json_get_string(f->body, "effect"));
	mem_room(&s->requests, s->request_count, &s->request_cap,
	    sizeof(*s->requests));
	s->requests[s->request_count++] = r;
	return 0;
}

static void
add_approval(struct state *s, const struct request *r)
{
	struct approval a;

	if (r->tool == NULL || r->arguments == NULL)
		return;
	a.request = mem_strdup(r->id);
	a.tool = mem_strdup(r->tool);
	digest_of(r->arguments, strlen(r->arguments), &a.arguments);
	mem_room(&s->approvals, s->approval_count, &s->approval_cap,
	    sizeof(*s->approvals));
	s->approvals[s->approval_count++] = a;
}

int
folding_answer(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "request");
	const char *verdict = json_get_string(f->body, "verdict");
	const char *text = json_get_string(f->body, "text");
	struct state *s = f->s;
	struct request *r = id == NULL ? NULL : state_request(s, id);
	char *note CLEANUP_FREE = NULL;

	if (r == NULL || verdict == NULL)
		return folding_bad(f, "the answer to no open request", e);
	if (strcmp(verdict, "approve") == 0) {
		add_approval(s, r);
		if (text == NULL)
			text = "make the call again, with the same arguments";
	}
	note = mem_printf("[request %s: %s]%s%s", id, verdict,
	    text == NULL ? "" : "\n", text == NULL ? "" : text);
	folding_say(s, "user", note);
	s->needs_model = true;
	s->status = AGENT_READY;
	request_free(r);
	*r = s->requests[--s->request_count];
	return 0;
}
