/* The runner's tool calls: decide, record, make, record what came of it. */
#include "agent/attend.h"

#include "agent/forkcall.h"
#include "agent/joincall.h"
#include "agent/rework.h"
#include "agent/sending.h"

#include <inttypes.h>
#include <string.h>

#include "agent/spend.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

static struct tool_context
context(struct runner *r, struct plan *p)
{
	bool copy = p->approval != NULL || p->reserved.count > 0;

	return (struct tool_context){.launcher = r->launcher,
	    .policy = copy ? &p->approved : &r->s->state.policy,
	    .meter = p->reserved.count > 0 ? &p->approved : NULL,
	    .own = p->approval != NULL ? &r->s->state.policy : NULL,
	    .workspace = r->s->workspace,
	    .hidden = r->s->root->path,
	    .quarantine = r->s->quarantine,
	    .now = journal_now(&r->s->journal),
	    .labels = r->s->state.labels,
	    .files = &r->s->state.files,
	    .peer = &p->peer,
	    .text = {p->call->arguments, strlen(p->call->arguments)}};
}

bool
calls_alone(const void *arg, const struct call *c)
{
	const struct runner *r = arg;
	const struct tool *t = tool_find(&r->tools, c->name);

	return t != NULL &&
	       (t->effect != EFFECT_NONE || t->kind == TOOL_RUNNER ||
		   callgrants_alone(r, t));
}

/* ---- decide --------------------------------------------------------------------- */

static void
refuse(struct plan *p, const char *why)
{
	p->unusable = true;
	p->decision.verdict = GRANT_DENY;
	(void)snprintf(p->why, sizeof(p->why), "%s", why);
}

/*
 * A person approved exactly this call: for it alone, the grants that ask
 * allow.
 */
static void
use_approval(struct runner *r, struct plan *p)
{
	const struct approval *a =
	    r->by != NULL
		? NULL
		: state_approval(&r->s->state, p->call->name,
		      p->call->arguments, journal_now(&r->s->journal));

	if (a == NULL && !p->recorded)
		return;
	p->approval = mem_strdup(a == NULL ? "" : a->request);
	policy_approved(&r->s->state.policy, &p->decision, &p->approved);
	p->decision.verdict = GRANT_ALLOW;
	(void)snprintf(p->decision.why, sizeof(p->decision.why),
	    "approved by request %s", p->approval);
}

/* In this run nobody is asked. */
static void
deny_asking(struct plan *p)
{
	char *why CLEANUP_FREE = mem_strdup(p->decision.why);

	p->decision.verdict = GRANT_DENY;
	(void)snprintf(p->decision.why, sizeof(p->decision.why),
	    "nobody is asked in this run: %.150s", why);
}

static void
decide(struct runner *r, struct plan *p)
{
	struct tool_context ctx = context(r, p);
	struct err e;

	p->tool = tool_find(&r->tools, p->call->name);
	if (r->by == NULL && r->s->state.stop == MODEL_STOP_LENGTH) {
		refuse(p, "your reply was cut at its length limit, so the call "
			  "was not made; make it again, shorter");
		return;
	}
	if (p->tool == NULL) {
		char *why CLEANUP_FREE =
		    mem_printf("there is no tool '%.64s'", p->call->name);

		refuse(p, why);
		return;
	}
	if (json_parse(ctx.text.len == 0 ? "{}" : ctx.text.data,
		ctx.text.len == 0 ? 2 : ctx.text.len, &p->arguments, &e) < 0 ||
	    schema_check(p->tool->schema, p->arguments, &e) < 0) {
		err_wrap(&e, "bad arguments");
		refuse(p, e.msg);
		return;
	}
	if (sending_is(p->tool))
		sending_find(r, p->arguments, &p->peer);
	tool_decide(p->tool, p->arguments, &ctx, &p->decision);
	/* A call that is made again was allowed, and its use, or a person's
	 * word for it, is spent: only a denial since then counts. */
	if (p->recorded && (p->decision.winner == NULL ||
			       p->decision.winner->effect == GRANT_ALLOW))
		p->decision.verdict = GRANT_ALLOW;
	if (p->decision.verdict == GRANT_ASK)
		use_approval(r, p);
	if (p->decision.verdict == GRANT_ASK && r->opt->ask == RUN_ASK_DENY)
		deny_asking(p);
	if (p->decision.verdict != GRANT_ALLOW)
		(void)snprintf(p->why, sizeof(p->why), "%s", p->decision.why);
}

/* ---- what the runner does itself ----------------------------------------------------- */

static int
runner_tool(struct runner *r, struct plan *p, struct err *e)
{
	const char *text;

	if (asking_is(p->tool))
		return asking_tool(r, p, e);
	if (sending_is(p->tool))
		return sending_tool(r, p, e);
	if (waiting_is(p->tool))
		return waiting_tool(r, p, e);
	if (joincall_is(p->tool))
		return joincall_tool(r, p, e);
	if (forkcall_is(p->tool))
		return forkcall_tool(r, p, e);
	text = json_get_string(p->arguments, "text");
	plan_settle(p, TOOL_OK, text == NULL ? "" : text);
	return 0;
}

/* ---- make ------------------------------------------------------------------------------ */

/* Its processes exist from here on, but nothing takes effect. */
static void
start(struct runner *r, struct plan *p)
{
	struct tool_context ctx = context(r, p);
	struct err e;

	if (p->tool->kind == TOOL_FETCH || p->tool->kind == TOOL_RUNNER)
		return;
	p->started =
	    tool_start(p->tool, p->arguments, &ctx, true, &p->run, &e) == 0;
	p->unstarted = !p->started && !p->recorded;
	if (!p->started)
		plan_settle(p, TOOL_FAILED, e.msg);
}

static int
note_children(
    struct runner *r, const struct plan *plans, size_t n, struct err *e)
{
	const struct child **children CLEANUP_FREE =
	    mem_new(n, sizeof(*children));
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		if (plans[i].started)
			children[count++] = &plans[i].run.child;
	return count == 0 ? 0 : session_note_children(r->s, children, count, e);
}

/* Let them go; what has a deadline of the run's own keeps it. */
static void
go(struct runner *r, struct plan *p)
{
	struct err e;

	if (tool_go(&p->run, &e) < 0) {
		tool_cancel(&p->run);
		p->started = false;
		plan_settle(p, TOOL_FAILED, e.msg);
		return;
	}
	if (p->tool->effect != EFFECT_NONE)
		r->dirty = true;
	if (p->run.deadline > r->deadline) {
		p->run.over = budget_name(BUDGET_TIME);
		p->run.deadline = r->deadline;
	}
}

static int
fetch(struct runner *r, struct plan *p)
{
	struct tool_context ctx = context(r, p);
	struct err e;

	if (tool_fetch(p->tool, p->arguments, &ctx, r->opt->stop_fd, &p->result,
		&e) == 0) {
		p->settled = true;
		return 0;
	}
	if (e.status == EX_TEMPFAIL) {
		r->stopped = true;
		return 0;
	}
	plan_settle(p, TOOL_FAILED, e.msg);
	return 0;
}

/* Until one has ended, or a look around has ended some: how many; 0 the run
 * is stopped. */
static int
await_some(struct runner *r, struct attend *a, struct plan *plans,
    struct tool_run *runs[], size_t n, struct err *e)
{
	int got;

	do {
		got = tool_poll(runs, n, a->fd, e);
		if (got >= 0) {
			tool_finish(runs[got], &plans[got].result);
			plans[got].started = false;
			plans[got].settled = true;
			runs[got] = NULL;
			return 1;
		}
		if (got == -2)
			got = attend_look(a, r, plans, runs, n, e);
	} while (got == 0);
	return got == -2 ? 0 : got;
}

/* Wait for all that run; 0 also when the run is stopped: what is unfinished
 * then stays open, for the recovery to settle. */
static int
await_all(struct runner *r, struct plan *plans, size_t n, struct err *e)
{
	struct tool_run **runs CLEANUP_FREE = mem_new(n, sizeof(*runs));
	struct attend a;
	size_t i, left = 0;
	int got = 1;

	for (i = 0; i < n; i++)
		if (plans[i].started) {
			runs[i] = &plans[i].run;
			left++;
		}
	if (left == 0)
		return 0;
	if (attend_open(r, &a, e) < 0)
		return -1;
	r->s->busy = true;
	while (left > 0 && got > 0) {
		got = await_some(r, &a, plans, runs, n, e);
		left -= got > 0 ? (size_t)got : 0;
	}
	r->s->busy = false;
	attend_close(&a);
	return got < 0 ? -1 : 0;
}

static int
prepare_one(struct runner *r, struct plan *p, struct err *e)
{
	decide(r, p);
	callgrants_note(r, p);
	if (p->decision.verdict == GRANT_ALLOW)
		start(r, p);
	p->seq = p->recorded ? p->call->seq : journal_next(&r->s->journal);
	if (!p->recorded && callrecord_call(r, p, e) < 0)
		return -1;
	if (p->unusable)
		plan_settle(p, TOOL_FAILED, p->why);
	else if (p->decision.verdict == GRANT_DENY)
		plan_settle(p, TOOL_DENIED, p->why);
	else if (p->decision.verdict == GRANT_ASK && !asking_is(p->tool))
		return asking_call(r, p, e);
	else if (p->tool->kind == TOOL_RUNNER)
		return runner_tool(r, p, e);
	else if (r->opt->ckpt == RUN_CKPT_TOOL && p->started &&
		 !p->tool->prepares && p->tool->effect == EFFECT_WORKSPACE)
		return recover_preimage(r, p->call, e);
	return 0;
}

/* Is there anything whose effect is still to come? */
static bool
any_effect(const struct plan *plans, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!plans[i].settled && !plans[i].waits)
			return true;
	return false;
}

static int
make(struct runner *r, struct plan *plans, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (prepare_one(r, &plans[i], e) < 0)
			return -1;
	if (any_effect(plans, n)) {
		if (note_children(r, plans, n, e) < 0 ||
		    session_commit(r->s, e) < 0)
			return -1;
		for (i = 0; i < n; i++)
			if (plans[i].started)
				go(r, &plans[i]);
		for (i = 0; i < n; i++)
			if (!plans[i].settled && !plans[i].started &&
			    !plans[i].waits && fetch(r, &plans[i]) < 0)
				return -1;
		if (await_all(r, plans, n, e) < 0)
			return -1;
	}
	for (i = 0; i < n; i++)
		secrets_scrub_buf(r->s->root->secrets, &plans[i].result.text);
	for (i = 0; i < n; i++)
		if (plans[i].settled && callrecord_result(r, plans[i].call,
					    &plans[i], &plans[i].result, e) < 0)
			return -1;
	/* A join has its result in the same commit. */
	return r->s->state.restoring == 0 ? 0 : rework_finish(r->s, NULL, e);
}

static void
plan_free(struct plan *p)
{
	json_free(p->arguments);
	free(p->approval);
	callgrants_free(p);
	sending_peer_free(&p->peer);
}

int
calls_make(struct runner *r, size_t from, size_t to, struct err *e)
{
	size_t n = to - from, i;
	struct plan *plans CLEANUP_FREE = mem_new(n, sizeof(*plans));
	int got;

	for (i = 0; i < n; i++) {
		plans[i].call = &r->s->state.calls[from + i];
		plans[i].recorded = plans[i].call->phase == CALL_OPEN;
		tool_result_init(&plans[i].result);
	}
	got = make(r, plans, n, e);
	for (i = 0; i < n; i++) {
		if (plans[i].started) {
			tool_cancel(&plans[i].run);
			spend_lost(r, &plans[i].run);
		}
		plan_free(&plans[i]);
		tool_result_free(&plans[i].result);
	}
	return got;
}

int
calls_make_one(
    struct runner *r, struct call *c, struct tool_result *out, struct err *e)
{
	struct plan p = {.call = c};
	int got;

	tool_result_init(&p.result);
	got = make(r, &p, 1, e);
	if (got == 0 && !p.settled)
		got = err_set(e, EX_TEMPFAIL, 0, "stopped");
	if (p.started)
		tool_cancel(&p.run);
	plan_free(&p);
	if (got == 0)
		*out = p.result;
	else
		tool_result_free(&p.result);
	return got;
}
