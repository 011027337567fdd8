#include "agent/cachefields.h"

#include <string.h>

#include "agent/statelabels.h"
#include "agent/wait.h"
#include "base/mem.h"
#include "base/num.h"

/* The integers of a state, by name. */
static const struct {
	const char *name;
	size_t at;
} integers[] = {
    {"seq", offsetof(struct state, seq)},
    {"time", offsetof(struct state, time)},
    {"limit_turns", offsetof(struct state, limits.turns)},
    {"limit_calls", offsetof(struct state, limits.tool_calls)},
    {"limit_tokens", offsetof(struct state, limits.tokens)},
    {"limit_cost", offsetof(struct state, limits.cost)},
    {"limit_time", offsetof(struct state, limits.time_ns)},
    {"limit_cpu", offsetof(struct state, limits.cpu_ns)},
    {"limit_bytes", offsetof(struct state, limits.bytes)},
    {"limit_children", offsetof(struct state, limits.children)},
    {"turn", offsetof(struct state, turn)},
    {"exit_owed", offsetof(struct state, exit_owed)},
    {"restoring", offsetof(struct state, restoring)},
    {"turns", offsetof(struct state, usage.turns)},
    {"tool_calls", offsetof(struct state, usage.tool_calls)},
    {"input", offsetof(struct state, usage.input)},
    {"output", offsetof(struct state, usage.output)},
    {"cached", offsetof(struct state, usage.cached)},
    {"cost", offsetof(struct state, usage.cost)},
    {"time_used", offsetof(struct state, usage.time_ns)},
    {"cpu_used", offsetof(struct state, usage.cpu_ns)},
    {"bytes_written", offsetof(struct state, usage.bytes)},
    {"children_made", offsetof(struct state, usage.children)},
    {"model_call", offsetof(struct state, model_call)},
    {"model_call_id", offsetof(struct state, model_call_id)},
    {"messages", offsetof(struct state, messages)},
    {"held_count", offsetof(struct state, held_count)},
    {"ckpt_seq", offsetof(struct state, ckpt_seq)},
    {"ckpt_offset", offsetof(struct state, ckpt_offset)},
};

/* Times since 1970 in nanoseconds pass 2^53: all integers are text. */
void
field_put_integer(struct jsonw *w, const char *key, int64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)v);
	jsonw_string(w, key, text);
}

static int64_t
read_integer(const char *text)
{
	int64_t v;

	if (text == NULL || num_int(text, INT64_MIN, INT64_MAX, &v) < 0)
		return 0;
	return v;
}

int64_t
field_get_integer(const struct json *j, const char *key)
{
	return read_integer(json_get_string(j, key));
}

void
field_get_digest(const struct json *j, const char *key, struct digest *d)
{
	const char *hex = json_get_string(j, key);

	if (hex != NULL)
		(void)digest_parse(hex, strlen(hex), d);
}

static void
put_call(struct jsonw *w, const struct call *c)
{
	jsonw_object(w, NULL);
	jsonw_string(w, "id", c->id);
	jsonw_string(w, "model_id", c->model_id);
	jsonw_string(w, "name", c->name);
	jsonw_string(w, "arguments", c->arguments);
	field_put_integer(w, "phase", c->phase);
	field_put_integer(w, "seq", c->seq);
	field_put_integer(w, "time", c->time);
	field_put_integer(w, "effect", c->effect);
	field_put_integer(w, "verdict", c->verdict);
	jsonw_bool(w, "prepared", c->prepared);
	jsonw_bool(w, "existed", c->existed);
	jsonw_digest(w, "before", &c->before);
	jsonw_digest(w, "after", &c->after);
	if (c->wait != NULL)
		wait_write(w, "wait", c->wait);
	jsonw_end(w, '}');
}

static void
get_call(struct call *c, const struct json *j)
{
	c->id = mem_strdup(json_get_string(j, "id"));
	c->model_id = mem_strdup(json_get_string(j, "model_id"));
	c->name = mem_strdup(json_get_string(j, "name"));
	c->arguments = mem_strdup(json_get_string(j, "arguments"));
	c->phase = (enum call_phase)field_get_integer(j, "phase");
	c->seq = field_get_integer(j, "seq");
	c->time = field_get_integer(j, "time");
	c->effect = (enum tool_effect)field_get_integer(j, "effect");
	c->verdict = (enum grant_effect)field_get_integer(j, "verdict");
	c->prepared = json_get_bool(j, "prepared", false);
	c->existed = json_get_bool(j, "existed", false);
	field_get_digest(j, "before", &c->before);
	field_get_digest(j, "after", &c->after);
	c->wait =
	    c->phase == CALL_WAITS ? wait_read(json_get(j, "wait")) : NULL;
}

static void
put_lists(struct jsonw *w, const struct state *s)
{
	const struct request *r;
	size_t i;

	jsonw_array(w, "calls");
	for (i = 0; i < s->call_count; i++)
		put_call(w, &s->calls[i]);
	jsonw_end(w, ']');
	jsonw_array(w, "requests");
	for (i = 0; i < s->request_count; i++) {
		r = &s->requests[i];
		jsonw_object(w, NULL);
		jsonw_string(w, "id", r->id);
		jsonw_maybe(w, "call", r->call);
		jsonw_maybe(w, "tool", r->tool);
		jsonw_maybe(w, "text", r->text);
		jsonw_maybe(w, "arguments", r->arguments);
		jsonw_maybe(w, "effect", r->effect);
		jsonw_maybe(w, "grant", r->grant);
		jsonw_bool(w, "notified", r->notified);
		field_put_integer(w, "kind", r->kind);
		field_put_integer(w, "deadline", r->deadline);
		field_put_integer(w, "seq", r->seq);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_array(w, "approvals");
	for (i = 0; i < s->approval_count; i++) {
		jsonw_object(w, NULL);
		jsonw_string(w, "request", s->approvals[i].request);
		jsonw_string(w, "tool", s->approvals[i].tool);
		jsonw_digest(w, "arguments", &s->approvals[i].arguments);
		field_put_integer(w, "uses", s->approvals[i].uses);
		field_put_integer(w, "until", s->approvals[i].until);
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	jsonw_array(w, "jumps");
	for (i = 0; i < s->jump_count; i++) {
		field_put_integer(w, NULL, s->jumps[i].at);
		field_put_integer(w, NULL, s->jumps[i].to);
	}
	jsonw_end(w, ']');
	field_put_authority(w, s);
	field_put_family(w, s);
}

void
fields_put(struct jsonw *w, const struct state *s)
{
	struct digest convo;
	size_t i;

	for (i = 0; i < COUNT_OF(integers); i++) {
		int64_t v;

		memcpy(&v, (const char *)s + integers[i].at, sizeof(v));
		field_put_integer(w, integers[i].name, v);
	}
	field_put_integer(w, "status", s->status);
	field_put_integer(w, "halt", s->halt);
	field_put_integer(w, "exit_status", s->exit_status);
	field_put_integer(w, "attempt", s->attempt);
	field_put_integer(w, "stop", s->stop);
	field_put_integer(w, "bad_streak", s->bad_streak);
	jsonw_bool(w, "needs_model", s->needs_model);
	jsonw_bool(w, "awake", s->awake);
	jsonw_bool(w, "forked", s->forked);
	labels_put(w, "labels", s->labels);
	labels_put_files(w, "files", &s->files);
	jsonw_bool(w, "has_ckpt", s->has_ckpt);
	jsonw_digest(w, "ckpt_id", &s->ckpt_id);
	jsonw_digest(w, "restore_paths", &s->restore_paths);
	jsonw_maybe(w, "joining", s->joining);
	jsonw_digest(w, "tools", &s->tools);
	jsonw_maybe(w, "model", s->model);
	jsonw_maybe(w, "goal", s->goal);
	jsonw_maybe(w, "text", s->text);
	jsonw_maybe(w, "report", s->report);
	jsonw_maybe(w, "exit_why", s->exit_why);
	if (s->held_count > 0)
		jsonw_text(w, "held", s->held.data, s->held.len);
	put_lists(w, s);
	mailstate_put(w, "mail", &s->mail);
	field_put_integer(w, "convo_bytes", (int64_t)s->convo.len);
	sha256_get(&s->running, &convo);
	jsonw_digest(w, "convo", &convo);
}

static void
get_lists(struct state *s, const struct json *j)
{
	const struct json *v;
	struct approval a;
	struct request r;

	for (v = json_first(json_get(j, "requests")); v != NULL;
	     v = json_next(v)) {
		r.id = mem_strdup(json_get_string(v, "id"));
		r.call = mem_strdup(json_get_string(v, "call"));
		r.tool = mem_strdup(json_get_string(v, "tool"));
		r.text = mem_strdup(json_get_string(v, "text"));
		r.arguments = mem_strdup(json_get_string(v, "arguments"));
		r.effect = mem_strdup(json_get_string(v, "effect"));
		r.grant = mem_strdup(json_get_string(v, "grant"));
		r.notified = json_get_bool(v, "notified", false);
		r.kind = (enum request_kind)field_get_integer(v, "kind");
		r.deadline = field_get_integer(v, "deadline");
		r.seq = field_get_integer(v, "seq");
		mem_room(&s->requests, s->request_count, &s->request_cap,
		    sizeof(*s->requests));
		s->requests[s->request_count++] = r;
	}
	for (v = json_first(json_get(j, "approvals")); v != NULL;
	     v = json_next(v)) {
		a.request = mem_strdup(json_get_string(v, "request"));
		a.tool = mem_strdup(json_get_string(v, "tool"));
		field_get_digest(v, "arguments", &a.arguments);
		a.uses = field_get_integer(v, "uses");
		a.until = field_get_integer(v, "until");
		mem_room(&s->approvals, s->approval_count, &s->approval_cap,
		    sizeof(*s->approvals));
		s->approvals[s->approval_count++] = a;
	}
	for (v = json_first(json_get(j, "calls")); v != NULL;
	     v = json_next(v)) {
		mem_room(
		    &s->calls, s->call_count, &s->call_cap, sizeof(*s->calls));
		get_call(&s->calls[s->call_count++], v);
	}
}

static void
get_jumps(struct state *s, const struct json *j)
{
	const struct json *v = json_first(json_get(j, "jumps"));
	struct jump jump;

	for (; v != NULL && json_next(v) != NULL; v = json_next(v)) {
		jump.at = read_integer(json_string(v));
		v = json_next(v);
		jump.to = read_integer(json_string(v));
		mem_room(
		    &s->jumps, s->jump_count, &s->jump_cap, sizeof(*s->jumps));
		s->jumps[s->jump_count++] = jump;
	}
}

static void
get_state(struct state *s, const struct json *j)
{
	int64_t v;
	size_t i;

	for (i = 0; i < COUNT_OF(integers); i++) {
		v = field_get_integer(j, integers[i].name);
		memcpy((char *)s + integers[i].at, &v, sizeof(v));
	}
	s->status = (enum agent_status)field_get_integer(j, "status");
	s->halt = (enum halt)field_get_integer(j, "halt");
	s->exit_status = (int)field_get_integer(j, "exit_status");
	s->attempt = (unsigned)field_get_integer(j, "attempt");
	s->stop = (enum model_stop)field_get_integer(j, "stop");
	s->bad_streak = (unsigned)field_get_integer(j, "bad_streak");
	s->needs_model = json_get_bool(j, "needs_model", false);
	s->awake = json_get_bool(j, "awake", false);
	s->forked = json_get_bool(j, "forked", false);
	s->labels = labels_get(j, "labels");
	labels_get_files(j, "files", &s->files);
	s->has_ckpt = json_get_bool(j, "has_ckpt", false);
	field_get_digest(j, "ckpt_id", &s->ckpt_id);
	field_get_digest(j, "restore_paths", &s->restore_paths);
	s->joining = mem_strdup(json_get_string(j, "joining"));
	field_get_digest(j, "tools", &s->tools);
	s->model = mem_strdup(json_get_string(j, "model"));
	s->goal = mem_strdup(json_get_string(j, "goal"));
	s->text = mem_strdup(json_get_string(j, "text"));
	s->report = mem_strdup(json_get_string(j, "report"));
	s->exit_why = mem_strdup(json_get_string(j, "exit_why"));
	if (json_get_string(j, "held") != NULL)
		buf_puts(&s->held, json_get_string(j, "held"));
	get_lists(s, j);
	mailstate_get(j, "mail", &s->mail);
	get_jumps(s, j);
	field_get_family(s, j);
}

int
fields_glance(struct state *s, const struct json *j)
{
	size_t i;

	get_state(s, j);
	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase == CALL_WAITS && s->calls[i].wait == NULL)
			return -1;
	return s->model == NULL ? -1 : 0;
}

int
fields_get(struct state *s, const struct json *j)
{
	return fields_glance(s, j) < 0 ? -1 : field_get_authority(s, j);
}
