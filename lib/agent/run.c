#include "agent/run.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

enum { CALLS_MAX = 128 };

static int
stage(struct runner *r, enum record_type type, const struct buf *body,
    struct err *e)
{
	return session_stage(r->s, type, (struct slice){body->data, body->len},
	    e);
}

static bool
stop_asked(struct runner *r)
{
	struct pollfd p = {.fd = r->opt->stop_fd, .events = POLLIN};

	if (p.fd >= 0 && poll(&p, 1, 0) > 0)
		r->stopped = true;
	return r->stopped;
}

static void
set_end(struct run_end *end, enum agent_status state, int status,
    const char *why)
{
	end->state = state;
	end->status = status;
	(void)snprintf(end->why, sizeof(end->why), "%s", why);
}

/* ---- the beginning ----------------------------------------------------------- */

static int
stage_wake(struct runner *r, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_integer(&w, "pid", getpid());
	jsonw_maybe(&w, "model", r->opt->model);
	jsonw_end(&w, '}');
	return stage(r, RECORD_WAKE, &body, e);
}

static int
stage_limits(struct runner *r, struct err *e)
{
	const struct limits *l = r->opt->limits;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	if (l == NULL || (l->turns | l->tool_calls | l->tokens | l->cost |
	    l->time_ns) == 0)
		return 0;
	jsonw_object(&w, NULL);
	limits_write(&w, "limits", l);
	jsonw_end(&w, '}');
	return stage(r, RECORD_BUDGET, &body, e);
}

static int
stage_goal(struct runner *r, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	if (r->opt->goal == NULL)
		return 0;
	jsonw_object(&w, NULL);
	jsonw_string(&w, "from", "user");
	jsonw_string(&w, "text", r->opt->goal);
	jsonw_end(&w, '}');
	return stage(r, RECORD_GOAL, &body, e);
}

/* A request whose time is over is answered by its default: no. */
static int
expire_requests(struct runner *r, struct err *e)
{
	struct state *s = &r->s->state;
	size_t i = 0;

	while (i < s->request_count) {
		struct buf body CLEANUP_BUF = {0};
		struct jsonw w = {.out = &body};

		if (s->requests[i].deadline == 0 ||
		    s->requests[i].deadline > journal_now(&r->s->journal)) {
			i++;
			continue;
		}
		jsonw_object(&w, NULL);
		jsonw_string(&w, "request", s->requests[i].id);
		jsonw_string(&w, "verdict", "deny");
		jsonw_string(&w, "by", "deadline");
		jsonw_string(&w, "text", "nobody answered in time");
		jsonw_end(&w, '}');
		if (stage(r, RECORD_ANSWER, &body, e) < 0)
			return -1;
	}
	return 0;
}

int
run_tools(struct session *s, struct launcher *l, struct tool_table *out,
    struct err *e)
{
	size_t i;

	tool_table_init(out);
	for (i = 0; i < s->info.tool_count; i++)
		if (tool_table_add_dir(out, s->info.tools[i], l, e) < 0) {
			tool_table_free(out);
			return -1;
		}
	return 0;
}

static int
load_tools(struct runner *r, struct err *e)
{
	if (run_tools(r->s, r->launcher, &r->tools, e) < 0)
		return -1;
	tool_table_json(&r->tools, &r->tools_json);
	digest_of(r->tools_json.data, r->tools_json.len, &r->tools_digest);
	return 0;
}

static int
check_workspace(struct runner *r, struct err *e)
{
	struct stat st;

	if (stat(r->s->workspace, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(e, EX_NOINPUT, 0,
		    "the workspace '%s' is not there", r->s->workspace);
	return 0;
}

/* ---- model calls ---------------------------------------------------------------- */

static int
stage_model_call(struct runner *r, unsigned attempt, struct err *e)
{
	struct slice tools = {r->tools_json.data, r->tools_json.len};
	struct state *s = &r->s->state;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char hex[DIGEST_HEX + 1], id[32];
	struct digest request, stored;

	if (!r->tools_stored && blob_put(r->s->root, tools.data, tools.len,
	    &stored, e) < 0)
		return -1;
	r->tools_stored = true;
	state_request_digest(s, tools, &request);
	/* A call that is sent again keeps its id. */
	(void)snprintf(id, sizeof(id), "m%" PRId64, attempt == 1 ?
	    journal_next(&r->s->journal) : s->model_call_id);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", id);
	jsonw_string(&w, "model", s->model);
	jsonw_integer(&w, "form", REQUEST_FORM);
	digest_hex(&r->tools_digest, hex);
	jsonw_string(&w, "tools", hex);
	digest_hex(&request, hex);
	jsonw_string(&w, "request", hex);
	jsonw_integer(&w, "attempt", attempt);
	jsonw_end(&w, '}');
	return stage(r, RECORD_MODEL_CALL, &body, e);
}

/* A call's own id if it can be used, else the one offered. */
static const char *
call_id(const struct json *calls, const struct json *call, const char *offer)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const char *id = json_get_string(call, "id"), *other;
	const struct json *c;

	if (id == NULL || id[0] == '\0' || strlen(id) > 64 ||
	    id[strspn(id, plain)] != '\0')
		return offer;
	for (c = json_first(calls); c != call; c = json_next(c)) {
		other = json_get_string(c, "id");
		if (other != NULL && strcmp(other, id) == 0)
			return offer;
	}
	return id;
}

/* The calls as the model wrote them, but with ids that we can use: present,
 * of plain characters, and each once. */
static int
write_calls(struct runner *r, const struct model_reply *reply,
    struct jsonw *w, struct err *e)
{
	struct json *calls CLEANUP_JSON = NULL;
	const struct json *c, *fn;
	const char *name, *args;
	char id[48];
	int n = 0;

	if (reply->calls.len == 0)
		return 0;
	if (json_parse(reply->calls.data, reply->calls.len, &calls, e) < 0)
		return err_wrap(e, "calls");
	jsonw_array(w, "calls");
	for (c = json_first(calls); c != NULL && n < CALLS_MAX;
	    c = json_next(c), n++) {
		fn = json_get(c, "function");
		name = json_get_string(fn, "name");
		args = json_get_string(fn, "arguments");
		(void)snprintf(id, sizeof(id), "call_%" PRId64 "_%d",
		    journal_next(&r->s->journal), n);
		jsonw_object(w, NULL);
		jsonw_string(w, "id", call_id(calls, c, id));
		jsonw_string(w, "type", "function");
		jsonw_object(w, "function");
		jsonw_string(w, "name", name == NULL ? "" : name);
		jsonw_string(w, "arguments", args == NULL ? "" : args);
		jsonw_end(w, '}');
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
	return 0;
}

static int
stage_reply(struct runner *r, const struct model_reply *reply, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char id[32];

	(void)snprintf(id, sizeof(id), "m%" PRId64,
	    r->s->state.model_call_id);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", id);
	jsonw_string(&w, "stop", model_stop_name(reply->stop));
	jsonw_object(&w, "usage");
	jsonw_integer(&w, "input", reply->usage.input);
	jsonw_integer(&w, "output", reply->usage.output);
	jsonw_integer(&w, "cached", reply->usage.cached);
	jsonw_end(&w, '}');
	jsonw_integer(&w, "cost", reply->usage.cost);
	if (reply->attempts > 1)
		jsonw_integer(&w, "attempts", reply->attempts);
	if (reply->bad[0] != '\0')
		jsonw_string(&w, "bad", reply->bad);
	else if (write_calls(r, reply, &w, e) < 0)
		return -1;
	if (reply->provider.len > 0)
		jsonw_raw(&w, "provider", reply->provider.data,
		    reply->provider.len);
	jsonw_text(&w, "text", buf_str(&reply->text), reply->text.len);
	jsonw_end(&w, '}');
	return stage(r, RECORD_MODEL_REPLY, &body, e);
}

/* Canned replies need no request: a long conversation is then not copied. */
static bool
reads_request(const char *spec)
{
	return strncmp(spec, "script:", 7) != 0 &&
	    strncmp(spec, "replay:", 7) != 0;
}

static int
ask_model(struct runner *r, struct model_reply *reply, struct err *e)
{
	struct slice tools = {r->tools_json.data, r->tools_json.len};
	const struct run_options *o = r->opt;
	struct state *s = &r->s->state;
	struct buf request CLEANUP_BUF = {0};
	struct model_options options;

	if (r->model == NULL && model_open(s->model, &r->model, e) < 0)
		return -1;
	model_options_init(&options);
	options.deadline = r->deadline;
	options.max_tokens = o->max_tokens;
	options.prices = o->prices;
	options.temperature = o->temperature;
	options.turn = s->usage.turns - 1;
	options.stop_fd = o->stop_fd;
	options.on_text = o->watch.text;
	options.on_retry = o->watch.retry;
	options.arg = o->watch.arg;
	if (reads_request(s->model))
		state_request_text(s, tools, &request);
	return model_call(r->model, (struct slice){request.data, request.len},
	    &options, reply, e);
}

/* What a failed model call means for the run: it stays open, and is sent
 * again when the agent is gone on with. */
static void
model_failed(struct runner *r, const struct err *why, struct run_end *end)
{
	if (why->status == EX_TEMPFAIL && stop_asked(r))
		return;
	if (why->status == EX_DEADLINE && r->deadline != CLOCK_NEVER)
		set_end(end, AGENT_PAUSED, EX_LIMIT, "the limit of time is met");
	else
		set_end(end, AGENT_READY, why->status, why->msg);
}

/* 1: the run ends (in `end`); 0: go on; -1. */
static int
do_model(struct runner *r, unsigned attempt, struct run_end *end,
    struct err *e)
{
	struct model_reply reply;
	struct err why;
	int got;

	if (stage_model_call(r, attempt, e) < 0 ||
	    session_commit(r->s, e) < 0)
		return -1;
	model_reply_init(&reply);
	got = ask_model(r, &reply, &why);
	if (got == 0) {
		got = stage_reply(r, &reply, e);
	} else {
		model_failed(r, &why, end);
		got = r->stopped ? 0 : 1;
	}
	model_reply_free(&reply);
	return got;
}

/* ---- the loop --------------------------------------------------------------------- */

static int
stage_exit(struct runner *r, const struct run_end *end, struct err *e)
{
	const struct state *s = &r->s->state;
	const struct usage *u = &s->usage;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "state", agent_status_name(end->state));
	jsonw_integer(&w, "status", end->status);
	jsonw_object(&w, "usage");
	jsonw_integer(&w, "turns", u->turns);
	jsonw_integer(&w, "tool_calls", u->tool_calls);
	jsonw_integer(&w, "input", u->input);
	jsonw_integer(&w, "output", u->output);
	jsonw_integer(&w, "cached", u->cached);
	jsonw_integer(&w, "cost", u->cost);
	jsonw_end(&w, '}');
	if (end->why[0] != '\0')
		jsonw_string(&w, "why", end->why);
	jsonw_string(&w, "text", end->state != AGENT_DONE || s->text == NULL ?
	    "" : s->text);
	jsonw_end(&w, '}');
	return stage(r, RECORD_EXIT, &body, e);
}

/* One step: 1 the run ends, 0 go on, -1. */
static int
step(struct runner *r, struct run_end *end, struct err *e)
{
	struct state *s = &r->s->state;
	struct action act;

	if (stop_asked(r)) {
		set_end(end, AGENT_READY, -1, "stopped");
		return 1;
	}
	if (expire_requests(r, e) < 0)
		return -1;
	turn_next(s, calls_alone, r, &act);
	switch (act.kind) {
	case ACT_MODEL:
		return do_model(r, 1, end, e);
	case ACT_RESEND:
		return do_model(r, s->attempt + 1, end, e);
	case ACT_TOOLS:
		return calls_make(r, act.from, act.to, e);
	case ACT_RECOVER:
		return recover_call(r, act.from, e);
	default:
		set_end(end, act.state, act.status, act.why);
		return 1;
	}
}

/* Is there nothing to do since the last run ended?  Then nothing is written,
 * so that a loop or cron costs nothing. */
static bool
nothing_new(struct runner *r, struct run_end *end)
{
	const struct limits *l = r->opt->limits;
	struct state *s = &r->s->state;
	struct action act;
	size_t i;

	if (r->opt->goal != NULL || s->awake || r->s->journal.count > 0 ||
	    (l != NULL && (l->turns | l->tool_calls | l->tokens | l->cost |
	    l->time_ns) != 0))
		return false;
	for (i = 0; i < s->request_count; i++)
		if (s->requests[i].deadline != 0 &&
		    s->requests[i].deadline <= clock_real())
			return false;
	turn_next(s, calls_alone, r, &act);
	if (act.kind != ACT_EXIT && act.kind != ACT_WAIT)
		return false;
	set_end(end, act.state, act.status, act.why);
	return true;
}

static int
drive(struct runner *r, struct run_end *end, struct err *e)
{
	struct state *s = &r->s->state;
	int got;

	if (load_tools(r, e) < 0 || check_workspace(r, e) < 0)
		return -1;
	if (nothing_new(r, end))
		return 0;
	if (stage_wake(r, e) < 0 || stage_limits(r, e) < 0 ||
	    stage_goal(r, e) < 0)
		return -1;
	r->deadline = s->limits.time_ns == 0 ? CLOCK_NEVER :
	    clock_deadline(s->limits.time_ns > s->usage.time_ns ?
		s->limits.time_ns - s->usage.time_ns : 0);
	do
		got = step(r, end, e);
	while (got == 0);
	if (got < 0 || stage_exit(r, end, e) < 0)
		return -1;
	return session_seal(r->s, e);
}

int
run_agent(struct session *s, struct launcher *l, const struct run_options *o,
    struct run_end *end, struct err *e)
{
	struct runner r = {.s = s, .launcher = l, .opt = o};
	struct run_end local = {0};
	int got;

	s->journal.on_commit = o->watch.record;
	s->journal.arg = o->watch.arg;
	got = drive(&r, &local, e);
	if (got == 0)
		*end = local;
	tool_table_free(&r.tools);
	buf_free(&r.tools_json);
	if (r.model != NULL)
		model_close(r.model);
	return got;
}

int
run_call(struct session *s, struct launcher *l, const char *by,
    const char *tool, const char *arguments, int stop_fd,
    struct tool_result *out, struct err *e)
{
	struct run_options o = {.stop_fd = stop_fd};
	struct runner r = {.s = s, .launcher = l, .opt = &o, .by = by,
	    .deadline = CLOCK_NEVER};
	struct call c = {0};
	int got = -1;

	if (load_tools(&r, e) < 0)
		return -1;
	c.id = mem_printf("u%" PRId64, journal_next(&s->journal));
	c.name = mem_strdup(tool);
	c.arguments = mem_strdup(arguments);
	if (check_workspace(&r, e) == 0)
		got = calls_make_one(&r, &c, out, e);
	if (got == 0)
		got = session_seal(s, e);
	free(c.id);
	free(c.name);
	free(c.arguments);
	tool_table_free(&r.tools);
	buf_free(&r.tools_json);
	return got;
}
