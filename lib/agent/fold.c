/* state_apply: one function a record type. */
#include "agent/folding.h"

#include <inttypes.h>
#include <string.h>

#include "agent/message.h"
#include "agent/statelabels.h"
#include "base/jsonw.h"
#include "base/mem.h"

void
folding_set(char **slot, const char *value)
{
	if (value == NULL)
		return;
	free(*slot);
	*slot = mem_strdup(value);
}

int
folding_bad(const struct folding *f, const char *what, struct err *e)
{
	return err_set(e, EX_DATAERR, 0, "record %" PRId64 " (%s): %s",
	    f->rec->seq, record_type_name(f->rec->type), what);
}

/* Call before and after a message is added: the running digest follows. */
size_t
folding_begin(struct state *s)
{
	size_t from = s->convo.len;

	if (from > 0)
		buf_putc(&s->convo, ',');
	return from;
}

void
folding_end(struct state *s, size_t from)
{
	sha256_add(&s->running, s->convo.data + from, s->convo.len - from);
	s->messages++;
}

/* Is a call of the last reply without its result? */
static bool
calls_open(const struct state *s)
{
	size_t i;

	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase != CALL_CLOSED)
			return true;
	return false;
}

/*
 * What people say while calls are open comes after their results: providers
 * refuse a message between the two.
 */
void
folding_say_raw(struct state *s, const char *role, struct slice token)
{
	size_t from;

	if (calls_open(s)) {
		if (s->held.len > 0)
			buf_putc(&s->held, ',');
		message_plain(&s->held, role, token);
		s->held_count++;
		return;
	}
	from = folding_begin(s);
	message_plain(&s->convo, role, token);
	folding_end(s, from);
}

void
folding_flush(struct state *s)
{
	size_t from;

	if (s->held_count == 0 || calls_open(s))
		return;
	from = folding_begin(s);
	buf_add(&s->convo, s->held.data, s->held.len);
	folding_end(s, from);
	s->messages += s->held_count - 1;
	buf_clear(&s->held);
	s->held_count = 0;
}

void
folding_say(struct state *s, const char *role, const char *text)
{
	struct buf token CLEANUP_BUF = {0};

	json_quote(&token, text, strlen(text));
	folding_say_raw(s, role, (struct slice){token.data, token.len});
}

static int
apply_born(struct folding *f, struct err *e)
{
	const char *system = json_get_string(f->body, "system");
	const char *model = json_get_string(f->body, "model");

	if (json_get(f->body, "fork") != NULL)
		return folding_forked(f, e);
	if (model == NULL)
		return folding_bad(f, "no model", e);
	folding_set(&f->s->model, model);
	limits_read(json_get(f->body, "limits"), &f->s->limits);
	if (system != NULL && system[0] != '\0')
		folding_say(f->s, "system", system);
	f->s->awake = true;
	return 0;
}

static int
apply_goal(struct folding *f, struct err *e)
{
	if (f->text.len == 0)
		return folding_bad(f, "no text", e);
	folding_set(&f->s->goal, json_get_string(f->body, "text"));
	f->s->labels |= labels_get(f->body, "labels");
	folding_say_raw(f->s, "user", f->text);
	f->s->needs_model = true;
	f->s->bad_streak = 0;
	f->s->status = AGENT_READY;
	return 0;
}

static int
apply_wake(struct folding *f, struct err *e)
{
	(void)e;
	folding_set(&f->s->model, json_get_string(f->body, "model"));
	f->s->status = AGENT_RUNNING;
	if (f->s->halt == HALT_STOP)
		f->s->halt = HALT_NONE;
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
		return folding_bad(f, "bad attempt", e);
	if (attempt == 1) {
		s->usage.turns++;
		s->turn++;
		s->model_call_id = f->rec->seq;
	}
	s->model_call = f->rec->seq;
	s->mail.turn_count = s->mail.turn_bytes = 0;
	(void)folding_digest(f->body, "tools", &s->tools);
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
		return folding_bad(
		    f, "a call without id, name or arguments", e);
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
	char *note CLEANUP_FREE =
	    mem_printf("[your last reply could not be used: %s]", why);

	folding_say(f->s, "user", note);
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
		return folding_bad(f, "no text", e);
	for (c = json_first(calls); c != NULL; c = json_next(c))
		if (add_call(f, c, e) < 0)
			return -1;
	(void)json_raw(f->rec->body, "calls", &raw);
	(void)json_raw(f->rec->body, "provider", &provider);
	from = folding_begin(s);
	message_assistant(&s->convo, f->text, raw, provider);
	folding_end(s, from);
	folding_set(&s->text, json_get_string(f->body, "text"));
	if (s->call_count == 0)
		s->bad_streak = 0;
	return 0;
}

/* An end, or a limit that it cannot get over by itself. */
static bool
tells_parent(const struct state *s)
{
	return agent_has_ended(s->status) || s->exit_status == EX_LIMIT;
}

static int
apply_exit(struct folding *f, struct err *e)
{
	const char *name = json_get_string(f->body, "state");
	struct state *s = f->s;

	if (name == NULL || agent_status_parse(name, &s->status) < 0)
		return folding_bad(f, "no state", e);
	folding_took(s, json_get(f->body, "lost"));
	s->exit_status = (int)json_get_integer(f->body, "status", 0);
	free(s->exit_why);
	s->exit_why = mem_strdup(json_get_string(f->body, "why"));
	folding_give_back_rest(s);
	if (tells_parent(s))
		s->exit_owed = f->rec->seq;
	s->awake = false;
	if (s->halt == HALT_STOP)
		s->halt = HALT_NONE;
	return 0;
}

static int
apply_ckpt(struct folding *f, struct err *e)
{
	struct state *s = f->s;

	s->ckpt_seq = json_get_integer(f->body, "covers", 0);
	if (s->ckpt_seq < 1 || s->ckpt_seq >= f->rec->seq ||
	    !folding_digest(f->body, "bundle", &s->ckpt_id))
		return folding_bad(f, "no bundle", e);
	s->ckpt_offset = json_get_integer(f->body, "offset", 0);
	s->has_ckpt = true;
	return 0;
}

/* Types that are absent tell people something and change nothing. */
static const struct {
	int (*apply)(struct folding *, struct err *);
	bool runs; /* written by a run: the time before it is the run's */
} applies[RECORD_TYPES] = {
    [RECORD_BORN] = {apply_born, false},
    [RECORD_GOAL] = {apply_goal, false},
    [RECORD_MAIL] = {folding_mail, false},
    [RECORD_MODEL_CALL] = {apply_model_call, true},
    [RECORD_MODEL_REPLY] = {apply_model_reply, true},
    [RECORD_TOOL_CALL] = {folding_tool_call, true},
    [RECORD_TOOL_RESULT] = {folding_tool_result, true},
    [RECORD_ASK] = {folding_ask, true},
    [RECORD_ANSWER] = {folding_answer, false},
    [RECORD_GRANT] = {folding_grant, false},
    [RECORD_REVOKE] = {folding_revoke, false},
    [RECORD_COMMAND] = {folding_command, false},
    [RECORD_WAIT] = {folding_wait, true},
    [RECORD_WAKE] = {apply_wake, false},
    [RECORD_BUDGET] = {apply_budget, false},
    [RECORD_FORK] = {folding_fork, false},
    [RECORD_JOIN] = {folding_join, false},
    [RECORD_CKPT] = {apply_ckpt, false},
    [RECORD_RESTORE] = {folding_restore, false},
    [RECORD_NOTE] = {folding_note, false},
    [RECORD_EXIT] = {apply_exit, true},
};

int
state_apply(struct state *s, const struct record *rec, struct err *e)
{
	struct folding f = {.s = s, .rec = rec};
	struct record left;
	struct json *body CLEANUP_JSON = NULL;
	int64_t before = s->seq > 0 ? s->time : rec->time;
	int got;

	s->seq = rec->seq;
	s->time = rec->time;
	if (rec->type == RECORD_SEAL)
		s->exit_owed = 0;
	if (applies[rec->type].apply == NULL)
		return 0;
	if (record_redacted(rec)) {
		got = folding_redacted(s, rec, &left, e);
		if (got <= 0)
			return got;
		f.rec = rec = &left;
	}
	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	f.body = body;
	/* Time before a wake is nobody's; nor is it the run's when a person
	 * writes something after a crash. */
	if (s->awake && applies[rec->type].runs &&
	    json_get_string(body, "by") == NULL)
		s->usage.time_ns += rec->time - before;
	if (json_raw(rec->body, "text", &f.text) == 0 && f.text.data[0] != '"')
		return folding_bad(&f, "its text is no string", e);
	return applies[rec->type].apply(&f, e);
}
