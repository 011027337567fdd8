/* The runner's requests to people. */
#include <string.h>

#include "agent/request.h"
#include "agent/runner.h"
#include "base/json.h"
#include "base/mem.h"

char *
asking_pending(const char *request)
{
	return mem_printf("request %s is pending: a person answers later; go "
			  "on with what else can be done, or end your turn",
	    request);
}

bool
asking_is(const struct tool *t)
{
	return t->kind == TOOL_RUNNER &&
	       (strcmp(t->name, "ask_human") == 0 ||
		   strcmp(t->name, "request_grant") == 0);
}

static int
stage_ask(struct runner *r, const struct plan *p, enum request_kind kind,
    const char *grant, const char *text, const char **id, struct err *e)
{
	int64_t time = r->opt->ask_time > 0 ? r->opt->ask_time : REQUEST_TIME;
	struct buf body CLEANUP_BUF = {0};
	struct request q CLEANUP(request_free) = {
	    .kind = kind, .deadline = journal_now(&r->s->journal) + time};

	q.id = request_id(r->s->info.id, journal_next(&r->s->journal));
	q.call = mem_strdup(p->call->id);
	q.tool = mem_strdup(p->call->name);
	q.effect = mem_strdup(tool_effect_name(p->tool->effect));
	q.arguments = mem_strdup(p->call->arguments);
	q.grant = mem_strdup(grant);
	q.text = mem_strdup(text);
	request_body(&q, &body);
	if (runner_stage(r, RECORD_ASK, &body, e) < 0)
		return -1;
	*id = r->s->state.requests[r->s->state.request_count - 1].id;
	return 0;
}

/* One that is open already is not asked twice, and only so many are. */
static int
ask(struct runner *r, struct plan *p, enum request_kind kind, const char *grant,
    const char *text, struct err *e)
{
	const struct state *s = &r->s->state;
	const struct request *same =
	    request_like(s, p->call->name, p->call->arguments, grant);
	const char *id = same == NULL ? NULL : same->id;
	char *note CLEANUP_FREE = NULL;

	if (r->by != NULL) { /* who calls is a person already */
		plan_settle(p, TOOL_PENDING, text);
		return 0;
	}
	if (r->opt->ask == RUN_ASK_DENY) {
		plan_settle(p, TOOL_DENIED, "nobody is asked in this run");
		return 0;
	}
	if (same == NULL && s->request_count >= REQUESTS_MAX) {
		plan_settle(p, TOOL_DENIED,
		    "too many requests are open: wait until some are answered");
		return 0;
	}
	if (same == NULL && stage_ask(r, p, kind, grant, text, &id, e) < 0)
		return -1;
	note = asking_pending(id);
	plan_settle(p, TOOL_PENDING, note);
	return 0;
}

int
asking_call(struct runner *r, struct plan *p, struct err *e)
{
	return ask(r, p, REQUEST_CALL, NULL, p->why, e);
}

static bool
has(const struct policy *p, const char *line, int64_t now)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->grants[i].line, line) == 0 &&
		    grant_stands(&p->grants[i], now))
			return true;
	return false;
}

int
asking_tool(struct runner *r, struct plan *p, struct err *e)
{
	const char *question = json_get_string(p->arguments, "question");
	const char *why = json_get_string(p->arguments, "why");
	const char *grant = json_get_string(p->arguments, "grant");
	char *line CLEANUP_FREE = NULL;
	struct err bad;

	if (question != NULL)
		return ask(r, p, REQUEST_QUESTION, NULL, question, e);
	if (request_grant(grant == NULL ? "" : grant, &line, &bad) < 0) {
		p->unusable = true;
		plan_settle(p, TOOL_FAILED, bad.msg);
		return 0;
	}
	if (has(&r->s->state.policy, line, journal_now(&r->s->journal))) {
		plan_settle(p, TOOL_OK, "that is granted already");
		return 0;
	}
	return ask(r, p, REQUEST_GRANT, line, why == NULL ? "" : why, e);
}
