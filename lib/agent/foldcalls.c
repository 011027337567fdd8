/* state_apply's records of tool calls. */
#include "agent/folding.h"

#include <inttypes.h>
#include <string.h>

#include "agent/message.h"
#include "agent/statelabels.h"
#include "agent/wait.h"
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

void
folding_took(struct state *s, const struct json *body)
{
	struct usage took;

	usage_read(body, &took);
	usage_add(&s->usage,
	    &(struct usage){.cpu_ns = took.cpu_ns, .bytes = took.bytes});
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
		folding_spend_approval(
		    f->s, json_get_string(decision, "approval"));
	}
	c->phase = CALL_OPEN;
	c->seq = f->rec->seq;
	c->time = f->rec->time;
	c->prepared = folding_digest(f->body, "after", &c->after);
	c->existed = folding_digest(f->body, "before", &c->before);
	f->s->usage.tool_calls++;
	return 0;
}

int
folding_wait(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "call");
	struct call *c = id == NULL ? NULL : state_call(f->s, id);

	if (c == NULL || c->phase != CALL_OPEN)
		return folding_bad(f, "the wait of no open call", e);
	c->wait = wait_read(f->body);
	if (c->wait == NULL)
		return folding_bad(f, "it waits for nothing, or a bad time", e);
	c->phase = CALL_WAITS;
	return 0;
}

/* The event that ended the wait, named by the record that brought it. */
static void
drop_event(struct state *s, int64_t at)
{
	size_t i;

	for (i = 0; at != 0 && i < s->mail.event_count; i++)
		if (s->mail.events[i].at == at) {
			mailstate_drop_event(&s->mail, i);
			return;
		}
}

int
folding_tool_result(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "call");
	const char *status = json_get_string(f->body, "status");
	struct state *s = f->s;
	const struct json *v;
	unsigned labels = labels_get(f->body, "labels");
	struct call *c;
	size_t from, i;

	if (id == NULL || status == NULL || f->text.len == 0)
		return folding_bad(f, "no call, status or text", e);
	folding_give_back(s, json_get(f->body, "unused"));
	for (v = json_first(json_get(f->body, "wrote")); v != NULL;
	     v = json_next(v))
		if (json_string(v) != NULL)
			labelled_add(&s->files, json_string(v), labels);
	if (json_get_string(f->body, "by") != NULL)
		return 0;
	folding_took(s, f->body);
	c = state_call(s, id);
	if (c == NULL || (c->phase != CALL_OPEN && c->phase != CALL_WAITS))
		return folding_bad(f, "the result of no open call", e);
	drop_event(s, json_get_integer(f->body, "took", 0));
	c->phase = CALL_CLOSED;
	wait_free(c->wait);
	c->wait = NULL;
	s->labels |= labels;
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
