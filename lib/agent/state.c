#include "agent/state.h"

#include <string.h>

#include "base/jsonw.h"

static const char *const status_names[] = {
    "ready", "running", "waiting", "paused", "done", "failed", "killed"};

const char *
agent_status_name(enum agent_status s)
{
	return status_names[s];
}

bool
agent_has_ended(enum agent_status status)
{
	return status == AGENT_DONE || status == AGENT_FAILED ||
	       status == AGENT_KILLED;
}

int
agent_status_parse(const char *name, enum agent_status *out)
{
	size_t i;

	for (i = 0; i < COUNT_OF(status_names); i++)
		if (strcmp(name, status_names[i]) == 0) {
			*out = (enum agent_status)i;
			return 0;
		}
	return -1;
}

static const char *const halt_names[] = {
    [HALT_NONE] = "resume",
    [HALT_PAUSE] = "pause",
    [HALT_STOP] = "stop",
    [HALT_KILL] = "kill",
};

int
halt_parse(const char *name, enum halt *out)
{
	size_t i;

	for (i = 0; name != NULL && i < COUNT_OF(halt_names); i++)
		if (strcmp(halt_names[i], name) == 0) {
			*out = (enum halt)i;
			return 0;
		}
	return -1;
}

void
state_init(struct state *s)
{
	memset(s, 0, sizeof(*s));
	policy_init(&s->policy);
	sha256_init(&s->running);
	sha256_add(&s->running, MESSAGES_PREFIX, strlen(MESSAGES_PREFIX));
}

void
wait_free(struct wait *w)
{
	if (w == NULL)
		return;
	while (w->agent_count > 0) {
		free(w->agents[--w->agent_count].id);
		free(w->agents[w->agent_count].said);
	}
	free(w->agents);
	free(w->from);
	free(w->event);
	free(w->boot);
	free(w);
}

static void
call_free(struct call *c)
{
	wait_free(c->wait);
	free(c->id);
	free(c->model_id);
	free(c->name);
	free(c->arguments);
}

void
state_drop_calls(struct state *s)
{
	while (s->call_count > 0)
		call_free(&s->calls[--s->call_count]);
}

void
request_free(struct request *r)
{
	free(r->id);
	free(r->call);
	free(r->tool);
	free(r->text);
	free(r->arguments);
	free(r->effect);
	free(r->grant);
}

void
approval_free(struct approval *a)
{
	free(a->request);
	free(a->tool);
}

void
state_drop_approval(struct state *s, const char *request)
{
	size_t i;

	for (i = 0; i < s->approval_count; i++)
		if (strcmp(s->approvals[i].request, request) == 0) {
			approval_free(&s->approvals[i]);
			s->approvals[i] = s->approvals[--s->approval_count];
			return;
		}
}

void
state_free(struct state *s)
{
	state_drop_calls(s);
	free(s->calls);
	while (s->request_count > 0)
		request_free(&s->requests[--s->request_count]);
	free(s->requests);
	while (s->approval_count > 0)
		approval_free(&s->approvals[--s->approval_count]);
	free(s->approvals);
	while (s->taken_count > 0)
		free(s->taken[--s->taken_count].why);
	free(s->taken);
	while (s->child_count > 0)
		family_child_free(&s->children[--s->child_count]);
	free(s->children);
	while (s->redacted_count > 0)
		free(s->redacted[--s->redacted_count].body);
	free(s->redacted);
	free(s->model);
	free(s->goal);
	free(s->text);
	free(s->report);
	free(s->exit_why);
	free(s->jumps);
	mailstate_free(&s->mail);
	labelled_free(&s->files);
	free(s->joining);
	buf_free(&s->convo);
	buf_free(&s->held);
	policy_free(&s->policy);
}

struct call *
state_call(const struct state *s, const char *id)
{
	size_t i;

	for (i = 0; i < s->call_count; i++)
		if (strcmp(s->calls[i].id, id) == 0)
			return &s->calls[i];
	return NULL;
}

struct request *
state_request(const struct state *s, const char *id)
{
	size_t i;

	for (i = 0; i < s->request_count; i++)
		if (strcmp(s->requests[i].id, id) == 0)
			return &s->requests[i];
	return NULL;
}

const struct approval *
state_approval(
    const struct state *s, const char *tool, const char *arguments, int64_t now)
{
	const struct approval *a;
	struct digest d;
	size_t i;

	digest_of(arguments, strlen(arguments), &d);
	for (i = 0; i < s->approval_count; i++) {
		a = &s->approvals[i];
		if (strcmp(a->tool, tool) == 0 &&
		    digest_equal(&a->arguments, &d) &&
		    (a->until == 0 || now < a->until))
			return a;
	}
	return NULL;
}

bool
state_waits(const struct state *s)
{
	size_t i;

	for (i = 0; i < s->request_count; i++)
		if (s->requests[i].call != NULL)
			return true;
	return false;
}

const struct call *
state_waiting(const struct state *s)
{
	size_t i;

	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase == CALL_WAITS)
			return &s->calls[i];
	return NULL;
}

const char *
state_waits_for(const struct state *s)
{
	const struct call *c = state_waiting(s);

	if (c == NULL)
		return state_waits(s) ? "human" : NULL;
	if (c->wait->agent_count > 0)
		return "child";
	return c->wait->mail ? "mail" : "timer";
}

const char *
state_model_name(const struct state *s)
{
	const char *colon = strchr(s->model, ':');

	return colon == NULL ? s->model : colon + 1;
}

static void
request_suffix(const struct state *s, struct slice tools, struct buf *out)
{
	const char *name = state_model_name(s);

	buf_puts(out, "],\"model\":");
	json_quote(out, name, strlen(name));
	buf_puts(out, ",\"tools\":");
	buf_add(out, tools.data, tools.len);
	buf_putc(out, '}');
}

void
state_request_text(const struct state *s, struct slice tools, struct buf *out)
{
	buf_reserve(out, s->convo.len + tools.len + 256);
	buf_puts(out, MESSAGES_PREFIX);
	buf_add(out, s->convo.data, s->convo.len);
	request_suffix(s, tools, out);
}

void
state_request_digest(
    const struct state *s, struct slice tools, struct digest *out)
{
	struct buf suffix CLEANUP_BUF = {0};
	struct sha256 all = s->running;

	request_suffix(s, tools, &suffix);
	sha256_add(&all, suffix.data, suffix.len);
	sha256_get(&all, out);
}
