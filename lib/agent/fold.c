/* state_apply: one function a record type. */
#include "agent/state.h"

#include <inttypes.h>
#include <string.h>

#include "agent/message.h"
#include "base/mem.h"

static void
set(char **slot, const char *value)
{
	if (value == NULL)
		return;
	free(*slot);
	*slot = mem_strdup(value);
}

/* A record with its body taken apart; `text` is the raw token. */
struct folding {
	struct state *s;
	const struct record *rec;
	const struct json *body;
	struct slice text;
};

static int
bad(const struct folding *f, const char *what, struct err *e)
{
	return err_set(e, EX_DATAERR, 0, "record %" PRId64 " (%s): %s",
	    f->rec->seq, record_type_name(f->rec->type), what);
}

/* Call before and after a message is added: the running digest follows. */
static size_t
begin_message(struct state *s)
{
	size_t from = s->convo.len;

	if (from > 0)
		buf_putc(&s->convo, ',');
	return from;
}

static void
end_message(struct state *s, size_t from)
{
	sha256_add(&s->running, s->convo.data + from, s->convo.len - from);
}

static void
say_plain(struct state *s, const char *role, struct slice token)
{
	size_t from = begin_message(s);

	message_plain(&s->convo, role, token);
	end_message(s, from);
}

static void
say(struct state *s, const char *role, const char *text)
{
	size_t from = begin_message(s);

	message_text(&s->convo, role, text);
	end_message(s, from);
}

static int
apply_born(struct folding *f, struct err *e)
{
	const char *system = json_get_string(f->body, "system");
	const char *model = json_get_string(f->body, "model");

	if (model == NULL)
		return bad(f, "no model", e);
	set(&f->s->model, model);
	limits_read(json_get(f->body, "limits"), &f->s->limits);
	if (system != NULL && system[0] != '\0')
		say(f->s, "system", system);
	f->s->awake = true;
	return 0;
}

static int
apply_goal(struct folding *f, struct err *e)
{
	if (f->text.len == 0)
		return bad(f, "no text", e);
	set(&f->s->goal, json_get_string(f->body, "text"));
	say_plain(f->s, "user", f->text);
	f->s->needs_model = true;
	f->s->bad_streak = 0;
	f->s->status = AGENT_READY;
	return 0;
}

static int
apply_wake(struct folding *f, struct err *e)
{
	(void)e;
	set(&f->s->model, json_get_string(f->body, "model"));
	f->s->status = AGENT_RUNNING;
	f->s->awake = true;
	return 0;
}

static int
apply_budget(struct folding *f, struct err *e)
{
	(void)e;
	limits_read(json_get(f->body, "limits"), &f->s->limits);
	return 0;
}

static int
apply_model_call(struct folding *f, struct err *e)
{
	struct state *s = f->s;
	int64_t attempt = json_get_integer(f->body, "attempt", 1);

	if (attempt < 1 || attempt > 1000000)
		return bad(f, "bad attempt", e);
	if (attempt == 1) {
		s->usage.turns++;
		s->model_call_id = f->rec->seq;
	}
	s->model_call = f->rec->seq;
	s->attempt = (unsigned)attempt;
	s->needs_model = false;
	s->status = AGENT_RUNNING;
	return 0;
}

static void
add_usage(struct state *s, const struct json *body)
{
	const struct json *u = json_get(body, "usage");

	s->usage.input += json_get_integer(u, "input", 0);
	s->usage.output += json_get_integer(u, "output", 0);
	s->usage.cached += json_get_integer(u, "cached", 0);
	s->usage.cost += json_get_integer(body, "cost", 0);
}

static int
add_call(struct folding *f, const struct json *c, struct err *e)
{
	const struct json *fn = json_get(c, "function");
	const char *id = json_get_string(c, "id");
	const char *name = json_get_string(fn, "name");
	const char *args = json_get_string(fn, "arguments");
	struct state *s = f->s;
	struct call new = {0};

	if (id == NULL || name == NULL || args == NULL)
		return bad(f, "a call without id, name or arguments", e);
	new.id = mem_printf("%" PRId64 ".%zu", f->rec->seq, s->call_count);
	new.model_id = mem_strdup(id);
	new.name = mem_strdup(name);
	new.arguments = mem_strdup(args);
	mem_room(&s->calls, s->call_count, &s->call_cap, sizeof(*s->calls));
	s->calls[s->call_count++] = new;
	return 0;
}

static enum model_stop
read_stop(const char *name)
{
	enum model_stop stop;

	for (stop = MODEL_STOP_END; stop < MODEL_STOP_OTHER; stop++)
		if (name != NULL && strcmp(name, model_stop_name(stop)) == 0)
			break;
	return stop;
}

/* A reply that could not be used: the model is told why. */
static int
apply_bad_reply(struct folding *f, const char *why)
{
	char *note CLEANUP_FREE = mem_printf(
	    "[your last reply could not be used: %s]", why);

	say(f->s, "user", note);
	f->s->needs_model = true;
	f->s->bad_streak++;
	return 0;
}

static int
apply_model_reply(struct folding *f, struct err *e)
{
	const struct json *calls = json_get(f->body, "calls"), *c;
	const char *why = json_get_string(f->body, "bad");
	struct slice raw = {NULL, 0}, provider = {NULL, 0};
	struct state *s = f->s;
	size_t from;

	add_usage(s, f->body);
	s->model_call = 0;
	state_drop_calls(s);
	s->stop = read_stop(json_get_string(f->body, "stop"));
	if (why != NULL)
		return apply_bad_reply(f, why);
	if (f->text.len == 0)
		return bad(f, "no text", e);
	for (c = json_first(calls); c != NULL; c = json_next(c))
		if (add_call(f, c, e) < 0)
			return -1;
	(void)json_raw(f->rec->body, "calls", &raw);
	(void)json_raw(f->rec->body, "provider", &provider);
	from = begin_message(s);
	message_assistant(&s->convo, f->text, raw, provider);
	end_message(s, from);
	set(&s->text, json_get_string(f->body, "text"));
	if (s->call_count == 0)
		s->bad_streak = 0;
	return 0;
}

static bool
read_digest(const struct json *body, const char *key, struct digest *out)
{
	const char *hex = json_get_string(body, key);

	return hex != NULL && digest_parse(hex, strlen(hex), out) == 0;
}

static void
read_decision(struct call *c, const struct json *decision)
{
	const char *v = json_get_string(decision, "verdict");

	c->verdict = GRANT_DENY;
	if (v != NULL && strcmp(v, "allow") == 0)
		c->verdict = GRANT_ALLOW;
	else if (v != NULL && strcmp(v, "ask") == 0)
		c->verdict = GRANT_ASK;
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

/* A finite grant that let a call through has one use less. */
static void
spend_uses(struct policy *p, const struct json *grants)
{
	const struct json *g;
	const char *id;
	size_t i;

	for (g = json_first(grants); g != NULL; g = json_next(g))
		for (i = 0; i < p->count; i++) {
			id = json_string(g);
			if (id != NULL && p->grants[i].id != NULL &&
			    strcmp(p->grants[i].id, id) == 0 &&
			    p->grants[i].limits.uses > 0)
				p->grants[i].limits.uses--;
		}
}

static int
apply_tool_call(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "call");
	const char *effect = json_get_string(f->body, "effect");
	const struct json *decision;
	struct call *c;

	if (id == NULL)
		return bad(f, "no call", e);
	if (json_get_string(f->body, "by") != NULL)
		return 0; /* a person's, by agent-tool */
	c = state_call(f->s, id);
	if (c == NULL || c->phase != CALL_WANTED)
		return bad(f, "a call that nobody asked for", e);
	if (effect == NULL || tool_effect_parse(effect, &c->effect) < 0)
		return bad(f, "bad effect", e);
	read_decision(c, json_get(f->body, "decision"));
	if (c->verdict == GRANT_ALLOW) {
		decision = json_get(f->body, "decision");
		spend_uses(&f->s->policy, json_get(decision, "grants"));
		spend_approval(f->s, json_get_string(decision, "approval"));
	}
	c->phase = CALL_OPEN;
	c->seq = f->rec->seq;
	c->prepared = read_digest(f->body, "after", &c->after);
	c->existed = read_digest(f->body, "before", &c->before);
	f->s->usage.tool_calls++;
	return 0;
}

static int
apply_tool_result(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "call");
	const char *status = json_get_string(f->body, "status");
	struct state *s = f->s;
	struct call *c;
	size_t from, i;

	if (id == NULL || status == NULL || f->text.len == 0)
		return bad(f, "no call, status or text", e);
	if (json_get_string(f->body, "by") != NULL)
		return 0;
	c = state_call(s, id);
	if (c == NULL || c->phase != CALL_OPEN)
		return bad(f, "the result of no open call", e);
	c->phase = CALL_CLOSED;
	from = begin_message(s);
	message_tool(&s->convo, c->model_id, status, f->text);
	end_message(s, from);
	if (strcmp(c->name, "report") == 0 && strcmp(status, "ok") == 0)
		set(&s->report, json_get_string(f->body, "text"));
	if (!json_get_bool(f->body, "unusable", false))
		s->bad_streak = 0;
	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase != CALL_CLOSED)
			return 0;
	s->needs_model = true; /* all results are there */
	if (json_get_bool(f->body, "unusable", false))
		s->bad_streak++;
	return 0;
}

static int
apply_ask(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "request");
	const char *deadline = json_get_string(f->body, "deadline");
	struct request r = {.seq = f->rec->seq};
	struct state *s = f->s;

	if (id == NULL ||
	    (deadline != NULL && clock_parse(deadline, &r.deadline) < 0))
		return bad(f, "no request, or a bad deadline", e);
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

static int
apply_answer(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "request");
	const char *verdict = json_get_string(f->body, "verdict");
	const char *text = json_get_string(f->body, "text");
	struct state *s = f->s;
	struct request *r = id == NULL ? NULL : state_request(s, id);
	char *note CLEANUP_FREE = NULL;

	if (r == NULL || verdict == NULL)
		return bad(f, "the answer to no open request", e);
	if (strcmp(verdict, "approve") == 0) {
		add_approval(s, r);
		if (text == NULL)
			text = "make the call again, with the same arguments";
	}
	note = mem_printf("[request %s: %s]%s%s", id, verdict,
	    text == NULL ? "" : "\n", text == NULL ? "" : text);
	say(s, "user", note);
	s->needs_model = true;
	s->status = AGENT_READY;
	request_free(r);
	*r = s->requests[--s->request_count];
	return 0;
}

static int
apply_grant(struct folding *f, struct err *e)
{
	const char *line = json_get_string(f->body, "line");
	const char *id = json_get_string(f->body, "grant");
	const char *from = json_get_string(f->body, "from");
	struct policy *p = &f->s->policy;

	if (line == NULL || id == NULL)
		return bad(f, "no line or id", e);
	if (strcmp(line, "base") == 0) {
		policy_add_base(p);
		return 0;
	}
	if (policy_add(p, line, from == NULL ? "journal" : from, e) < 0)
		return err_wrap(e, "record %" PRId64, f->rec->seq);
	set(&p->grants[p->count - 1].id, id);
	p->grants[p->count - 1].given = f->rec->time;
	return 0;
}

static int
apply_exit(struct folding *f, struct err *e)
{
	const char *name = json_get_string(f->body, "state");
	struct state *s = f->s;

	if (name == NULL || agent_status_parse(name, &s->status) < 0)
		return bad(f, "no state", e);
	s->exit_status = (int)json_get_integer(f->body, "status", 0);
	s->awake = false;
	return 0;
}

typedef int apply_record(struct folding *, struct err *);

/* Types that are absent tell people something and change nothing. */
static apply_record *const applies[RECORD_TYPES] = {
    [RECORD_BORN] = apply_born,
    [RECORD_GOAL] = apply_goal,
    [RECORD_MAIL] = apply_goal,
    [RECORD_MODEL_CALL] = apply_model_call,
    [RECORD_MODEL_REPLY] = apply_model_reply,
    [RECORD_TOOL_CALL] = apply_tool_call,
    [RECORD_TOOL_RESULT] = apply_tool_result,
    [RECORD_ASK] = apply_ask,
    [RECORD_ANSWER] = apply_answer,
    [RECORD_GRANT] = apply_grant,
    [RECORD_WAKE] = apply_wake,
    [RECORD_BUDGET] = apply_budget,
    [RECORD_EXIT] = apply_exit,
};

int
state_apply(struct state *s, const struct record *rec, struct err *e)
{
	struct folding f = {.s = s, .rec = rec};
	struct json *body CLEANUP_JSON = NULL;

	/* Time between an exit, or a crash, and the next wake is not its own. */
	if (s->awake && rec->type != RECORD_WAKE && s->seq > 0)
		s->usage.time_ns += rec->time - s->time;
	s->seq = rec->seq;
	s->time = rec->time;
	if (applies[rec->type] == NULL)
		return 0;
	if (record_redacted(rec))
		return 0;
	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	f.body = body;
	if (json_raw(rec->body, "text", &f.text) == 0 && f.text.data[0] != '"')
		return bad(&f, "its text is no string", e);
	return applies[rec->type](&f, e);
}
