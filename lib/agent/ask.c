/* The runner's model calls: record, send, record the reply. */
#include "agent/runner.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"

static int
stage_model_call(struct runner *r, unsigned attempt, struct err *e)
{
	struct slice tools = {r->tools_json.data, r->tools_json.len};
	struct state *s = &r->s->state;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char id[32];
	struct digest request, stored;

	if (!r->tools_stored &&
	    blob_put(r->s->root, tools.data, tools.len, &stored, e) < 0)
		return -1;
	r->tools_stored = true;
	state_request_digest(s, tools, &request);
	/* A call that is sent again keeps its id. */
	(void)snprintf(id, sizeof(id), "m%" PRId64,
	    attempt == 1 ? journal_next(&r->s->journal) : s->model_call_id);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", id);
	jsonw_string(&w, "model", s->model);
	jsonw_integer(&w, "form", REQUEST_FORM);
	jsonw_digest(&w, "tools", &r->tools_digest);
	jsonw_digest(&w, "request", &request);
	jsonw_integer(&w, "attempt", attempt);
	jsonw_end(&w, '}');
	return runner_stage(r, RECORD_MODEL_CALL, &body, e);
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
write_calls(struct runner *r, const struct model_reply *reply, struct jsonw *w,
    struct err *e)
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
	for (c = json_first(calls); c != NULL; c = json_next(c), n++) {
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

	(void)snprintf(id, sizeof(id), "m%" PRId64, r->s->state.model_call_id);
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
	/* It goes back as it came, or not at all. */
	if (reply->provider.len > 0 &&
	    !secrets_in(
		r->s->root->secrets, reply->provider.data, reply->provider.len))
		jsonw_raw(
		    &w, "provider", reply->provider.data, reply->provider.len);
	jsonw_text(&w, "text", buf_str(&reply->text), reply->text.len);
	jsonw_end(&w, '}');
	return runner_stage(r, RECORD_MODEL_REPLY, &body, e);
}

/* Canned replies need no request: a long conversation is then not copied. */
static bool
reads_request(const char *spec)
{
	return strncmp(spec, "script:", 7) != 0 &&
	       strncmp(spec, "replay:", 7) != 0;
}

/* Who watches sees what the records will hold. */
struct hearing {
	const struct run_watch *watch;
	struct scrub scrub; /* over pieces: a value may come in several */
};

static void
hear_text(void *arg, const char *s, size_t n)
{
	struct buf clean CLEANUP_BUF = {0};
	struct hearing *h = arg;

	scrub_add(&h->scrub, s, n, &clean);
	if (clean.len > 0)
		h->watch->text(h->watch->arg, clean.data, clean.len);
}

static void
hear_end(struct hearing *h)
{
	struct buf clean CLEANUP_BUF = {0};

	scrub_end(&h->scrub, &clean);
	if (clean.len > 0)
		h->watch->text(h->watch->arg, clean.data, clean.len);
}

static void
hear_retry(void *arg, unsigned attempt, int64_t wait_ns, const char *why)
{
	struct buf clean CLEANUP_BUF = {0};
	struct hearing *h = arg;

	buf_puts(&clean, why);
	secrets_scrub_buf(h->scrub.secrets, &clean);
	h->watch->retry(h->watch->arg, attempt, wait_ns, buf_str(&clean));
}

static int
send(struct runner *r, struct model_reply *reply, struct err *e)
{
	struct slice tools = {r->tools_json.data, r->tools_json.len};
	const struct run_options *o = r->opt;
	struct state *s = &r->s->state;
	struct buf request CLEANUP_BUF = {0};
	struct model_options options;
	static const struct secrets none = {0};
	struct hearing hearing = {.watch = &o->watch,
	    .scrub.secrets =
		r->s->root->secrets == NULL ? &none : r->s->root->secrets};
	int got;

	model_options_init(&options);
	options.deadline = r->deadline;
	options.max_tokens = o->max_tokens;
	options.prices = o->prices;
	options.temperature = o->temperature;
	options.turn = s->turn - 1;
	if (r->nudge.fd < 0)
		nudge_open(r->s->dir, o->stop_fd, &r->nudge);
	options.stop_fd = r->nudge.fd;
	options.secrets = hearing.scrub.secrets;
	options.on_text = o->watch.text == NULL ? NULL : hear_text;
	options.on_retry = o->watch.retry == NULL ? NULL : hear_retry;
	options.arg = &hearing;
	if (reads_request(s->model))
		state_request_text(s, tools, &request);
	got = model_call(r->model, (struct slice){request.data, request.len},
	    &options, reply, e);
	if (o->watch.text != NULL)
		hear_end(&hearing);
	if (got < 0)
		secrets_scrub_err(options.secrets, e);
	return got;
}

/* What a failed model call means for the run: it stays open, and is sent
 * again when the agent is gone on with. */
static void
model_failed(struct runner *r, const struct err *why, struct run_end *end)
{
	if (why->status == EX_TEMPFAIL && runner_stop_asked(r))
		return;
	if (why->status == EX_DEADLINE && r->deadline != CLOCK_NEVER)
		run_end_set(
		    end, AGENT_PAUSED, EX_LIMIT, "the limit of time is met");
	else
		run_end_set(end, AGENT_READY, why->status, why->msg);
}

int
ask_model(
    struct runner *r, unsigned attempt, struct run_end *end, struct err *e)
{
	struct model_reply reply;
	struct err why;
	int got;

	if (stage_model_call(r, attempt, e) < 0 || session_commit(r->s, e) < 0)
		return -1;
	model_reply_init(&reply);
	got = send(r, &reply, &why);
	if (got == 0) {
		got = stage_reply(r, &reply, e);
	} else {
		model_failed(r, &why, end);
		got = r->stopped || (why.status == EX_TEMPFAIL &&
					nudge_felt(&r->nudge))
			  ? 0
			  : 1;
	}
	model_reply_free(&reply);
	return got;
}
