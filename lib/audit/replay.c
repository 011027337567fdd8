#include "audit/replaying.h"

#include <inttypes.h>
#include <string.h>

#include "tool/table.h"

/* ---- drift -------------------------------------------------------------------------------- */

int
replay_drift(struct replaying *p, const char *expected, const char *found)
{
	struct replay_result *r = p->result;

	r->drift = p->rec->seq;
	(void)snprintf(r->expected, sizeof(r->expected), "%s", expected);
	(void)snprintf(r->found, sizeof(r->found), "%s%s%s",
	    record_type_name(p->rec->type), found[0] == '\0' ? "" : " ", found);
	return 1;
}

/* Which calls are made together is not asked here (replaycalls.c). */
static bool
each_alone(const void *arg, const struct call *c)
{
	(void)arg;
	(void)c;
	return true;
}

struct action
replay_action(const struct replaying *p)
{
	struct action act;

	turn_next(p->s, each_alone, NULL, &act);
	return act;
}

static void
describe(const struct replaying *p, char *out, size_t size)
{
	const struct action act = replay_action(p);
	const struct call *c = act.kind == ACT_TOOLS || act.kind == ACT_RECOVER
				   ? &p->s->calls[act.from]
				   : NULL;

	if (!p->running)
		(void)snprintf(out, size, "a wake: nothing runs");
	else if (act.kind == ACT_MODEL)
		(void)snprintf(out, size, "model.call");
	else if (act.kind == ACT_RESEND)
		(void)snprintf(out, size,
		    "model.reply, or the model.call m%" PRId64 " again",
		    p->s->model_call_id);
	else if (c != NULL)
		(void)snprintf(out, size, "%s %s",
		    act.kind == ACT_TOOLS ? "tool.call" : "tool.result", c->id);
	else
		(void)snprintf(out, size, "exit %s %d%s%s",
		    agent_status_name(act.state), act.status,
		    act.why[0] == '\0' ? "" : ": ", act.why);
}

int
replay_drift_action(struct replaying *p, const char *found)
{
	char expected[sizeof(p->result->expected)];

	describe(p, expected, sizeof(expected));
	return replay_drift(p, expected, found);
}

/* ---- model calls --------------------------------------------------------------------------- */

static int
load_tools(struct replaying *p, const struct digest *d, struct err *e)
{
	if (p->tools.len > 0 && digest_equal(d, &p->tools_digest))
		return 0;
	buf_clear(&p->tools);
	if (source_blob(p->source, d, &p->tools, e) < 0)
		return -1;
	p->tools_digest = *d;
	return 0;
}

static bool
member_digest(const struct json *body, const char *key, struct digest *out)
{
	const char *hex = json_get_string(body, key);

	return hex != NULL && digest_parse(hex, strlen(hex), out) == 0;
}

static int
check_request(struct replaying *p, struct err *e)
{
	struct digest tools, recorded, rebuilt;

	if (json_get_integer(p->body, "form", 0) != REQUEST_FORM ||
	    !member_digest(p->body, "tools", &tools) ||
	    !member_digest(p->body, "request", &recorded))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 ": a request of another form",
		    p->rec->seq);
	if (load_tools(p, &tools, e) < 0)
		return err_wrap(e, "record %" PRId64, p->rec->seq);
	state_request_digest(
	    p->s, (struct slice){p->tools.data, p->tools.len}, &rebuilt);
	if (!digest_equal(&recorded, &rebuilt))
		return replay_drift(p, "the request that these records make",
		    "of another request");
	p->result->requests++;
	return 0;
}

static int
check_model_call(struct replaying *p, struct err *e)
{
	int64_t attempt = json_get_integer(p->body, "attempt", 1);
	const char *id = json_get_string(p->body, "call");
	const char *model = json_get_string(p->body, "model");
	struct action act = replay_action(p);
	bool again = act.kind == ACT_RESEND;
	char want[32];

	if (!p->running || (act.kind != ACT_MODEL && !again))
		return replay_drift_action(p, id == NULL ? "" : id);
	(void)snprintf(want, sizeof(want), "m%" PRId64,
	    again ? p->s->model_call_id : p->rec->seq);
	if (id == NULL || strcmp(id, want) != 0)
		return replay_drift(p, want, id == NULL ? "" : id);
	if (attempt != (again ? (int64_t)p->s->attempt + 1 : 1))
		return replay_drift(p, "the next attempt", "another attempt");
	if (model == NULL || p->s->model == NULL ||
	    strcmp(model, p->s->model) != 0)
		return replay_drift(p, p->s->model == NULL ? "" : p->s->model,
		    model == NULL ? "" : model);
	p->result->actions++;
	return check_request(p, e);
}

static int
check_model_reply(struct replaying *p)
{
	const char *id = json_get_string(p->body, "call");
	char want[32];

	if (!p->running || p->s->model_call == 0)
		return replay_drift_action(p, id == NULL ? "" : id);
	(void)snprintf(want, sizeof(want), "m%" PRId64, p->s->model_call_id);
	if (id == NULL || strcmp(id, want) != 0)
		return replay_drift(p, want, id == NULL ? "" : id);
	p->result->actions++;
	return 0;
}

/* ---- how a run ends ------------------------------------------------------------------------- */

/* Of each kind that the record has; it may be an older one. */
static int
check_usage(struct replaying *p)
{
	struct buf text CLEANUP_BUF = {0};
	struct jsonw w = {.out = &text};
	struct slice found, sums, is, want;
	const struct json *v;
	const char *key;

	usage_write(&w, NULL, &p->s->usage);
	sums = (struct slice){text.data, text.len};
	if (json_raw(p->rec->body, "usage", &found) < 0)
		return replay_drift(p, "usage", "none");
	for (v = json_first(json_get(p->body, "usage")); v != NULL;
	     v = json_next(v)) {
		key = json_name(v);
		if (json_raw(found, key, &is) == 0 &&
		    json_raw(sums, key, &want) == 0 &&
		    (is.len != want.len ||
			memcmp(is.data, want.data, is.len) != 0))
			return replay_drift(p, buf_str(&text), key);
	}
	return 0;
}

/* A run may stop anywhere; that it is ready says so.  The clock may end it
 * anywhere, too. */
static bool
may_stop(const struct replaying *p, enum agent_status state, int64_t status)
{
	return state == AGENT_READY ||
	       (state == AGENT_PAUSED && status == EX_LIMIT &&
		   p->s->limits.time_ns > 0);
}

static int
check_exit(struct replaying *p)
{
	const char *name = json_get_string(p->body, "state");
	const char *text = json_get_string(p->body, "text");
	const char *why = json_get_string(p->body, "why");
	int64_t status = json_get_integer(p->body, "status", -1);
	struct action act = replay_action(p);
	enum agent_status state = AGENT_READY;

	if (name != NULL && agent_status_parse(name, &state) == 0 &&
	    state == AGENT_KILLED && p->s->halt != HALT_KILL) {
		p->killed = true; /* by the command that follows */
		return check_usage(p);
	}
	if (!p->running || name == NULL || agent_status_parse(name, &state) < 0)
		return replay_drift_action(p, name == NULL ? "" : name);
	if (!may_stop(p, state, status) &&
	    ((act.kind != ACT_EXIT && act.kind != ACT_WAIT) ||
		act.state != state || act.status != status ||
		strcmp(act.why, why == NULL ? "" : why) != 0))
		return replay_drift_action(p, name);
	if (state == AGENT_DONE && p->s->text != NULL &&
	    (text == NULL || strcmp(text, p->s->text) != 0))
		return replay_drift(
		    p, "the last text of the model", "another text");
	p->result->actions++;
	return check_usage(p);
}

/* ---- the walk ------------------------------------------------------------------------------- */

static int
check_answer(struct replaying *p)
{
	const char *by = json_get_string(p->body, "by");
	const char *id = json_get_string(p->body, "request");
	const struct request *r = id == NULL ? NULL : state_request(p->s, id);

	if (by == NULL || strcmp(by, "deadline") != 0 || r == NULL)
		return 0;
	if (r->deadline == 0 || r->deadline > p->rec->time)
		return replay_drift(p, "no answer before the deadline", id);
	return 0;
}

static int
check_restore(struct replaying *p)
{
	const char *id = json_get_string(p->body, "call");
	struct action act = replay_action(p);

	if (id == NULL) { /* a person's */
		p->running =
		    p->running && json_get_integer(p->body, "seq", 0) == 0;
		replay_forget_batch(p);
		return 0;
	}
	if (!p->running || act.kind != ACT_RECOVER ||
	    strcmp(p->s->calls[act.from].id, id) != 0)
		return replay_drift_action(p, id);
	return 0;
}

/* What ended the agent, whoever ran it, is in the same group. */
static int
check_killed(struct replaying *p)
{
	const char *verb = json_get_string(p->body, "verb");

	p->killed = false;
	if (p->rec->type == RECORD_COMMAND && verb != NULL &&
	    strcmp(verb, "signal") == 0)
		return 0;
	return replay_drift(p, "the signal that killed it", "");
}

static int
check(struct replaying *p, struct err *e)
{
	if (p->killed && check_killed(p) != 0)
		return 1;
	switch (p->rec->type) {
	case RECORD_MODEL_CALL:
		return check_model_call(p, e);
	case RECORD_MODEL_REPLY:
		replay_forget_batch(p);
		return check_model_reply(p);
	case RECORD_TOOL_CALL:
		return replay_tool_call(p);
	case RECORD_TOOL_RESULT:
		return replay_tool_result(p);
	case RECORD_ASK:
		return replay_ask(p);
	case RECORD_WAIT:
		return replay_wait(p);
	case RECORD_ANSWER:
		return check_answer(p);
	case RECORD_RESTORE:
		return check_restore(p);
	case RECORD_BORN:
	case RECORD_WAKE:
		replay_forget_batch(p);
		p->running = p->rec->type == RECORD_WAKE;
		p->newborn = !p->running;
		return 0;
	case RECORD_EXIT:
		return check_exit(p);
	default:
		return 0;
	}
}

/* Of no weight for what follows. */
static bool
weighs_nothing(enum record_type t)
{
	return t == RECORD_SEAL || t == RECORD_NOTE || t == RECORD_CKPT;
}

/* -1 with `drift` or `redacted` of the result set is no failure. */
static int
go_through(void *arg, const struct record *rec, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	struct replaying *p = arg;
	int got;

	p->rec = rec;
	p->result->records++;
	if (record_redacted(rec)) {
		if (!weighs_nothing(rec->type))
			p->result->redacted = rec->seq;
		return weighs_nothing(rec->type) ? 0 : -1;
	}
	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	p->body = body;
	if (rec->type != RECORD_TOOL_CALL && rec->type != RECORD_ASK &&
	    rec->type != RECORD_WAIT)
		replay_close_batch(p);
	got = rec->time < p->s->time
		  ? replay_drift(p, "a time that goes on", "an earlier time")
		  : check(p, e);
	if (got != 0)
		return -1;
	if (rec->type == RECORD_EXIT) {
		replay_forget_batch(p);
		p->running = false;
	}
	return state_apply(p->s, rec, e);
}

int
replay(struct source *from, int64_t until, struct state *s,
    struct replay_result *out, struct err *e)
{
	struct replaying p = {.source = from, .s = s, .result = out};
	struct past_each each = {go_through, &p};
	int got;

	*out = (struct replay_result){0};
	state_init(s);
	s->past = source_past(from);
	tool_table_init(&p.builtins);
	got = source_each(from, until == 0 ? INT64_MAX : until, &each, e);
	tool_table_free(&p.builtins);
	buf_free(&p.tools);
	s->past = (struct state_past){.dir = -1};
	if (got < 0 && (out->drift != 0 || out->redacted != 0))
		return 0;
	if (got == 0 && until != 0 && s->seq != until)
		return err_set(
		    e, EX_NOINPUT, 0, "there is no record %" PRId64, until);
	return got;
}
