/* Tool calls gone through again: which are made together, in which order
 * their records come. */
#include "audit/replaying.h"

#include <inttypes.h>
#include <string.h>

#include "tool/table.h"

/* ---- which calls are made alone ---------------------------------------------------------- */

/*
 * What the runner's calls_alone says of the call that is recorded, but for
 * grants that are counted: a call that takes from them is alone, too.  Which
 * do is not told by the record: a program may stand in for a built-in tool.
 */
static bool
is_alone(const struct replaying *p)
{
	const char *name = json_get_string(p->body, "tool");
	const char *effect = json_get_string(p->body, "effect");
	const struct tool *t =
	    name == NULL ? NULL : tool_find(&p->builtins, name);

	return effect == NULL || strcmp(effect, "none") != 0 ||
	       (t != NULL && t->kind == TOOL_RUNNER);
}

/* May a call of this turn take from such a grant? */
static bool
is_metered(const struct state *s)
{
	const struct policy *q;
	size_t i, k;

	for (q = &s->policy; q != NULL; q = q->above)
		for (i = 0; i < q->count; i++)
			for (k = 0; k < s->call_count; k++)
				if (grant_metered(
					&q->grants[i], s->calls[k].name))
					return true;
	return false;
}

/* ---- tool.call ---------------------------------------------------------------------------- */

/* It is the call that the model asked for, to the letter. */
static int
same_call(struct replaying *p, const struct call *c)
{
	const char *name = json_get_string(p->body, "tool");
	const char *arguments = json_get_string(p->body, "arguments");

	if (name == NULL || strcmp(name, c->name) != 0)
		return replay_drift(p, c->name, name == NULL ? "" : name);
	if (arguments == NULL || strcmp(arguments, c->arguments) != 0)
		return replay_drift(
		    p, "the arguments that the model wrote", "other arguments");
	return 0;
}

/* A decision to allow rests on what stands. */
static int
check_decision(struct replaying *p, const struct call *c)
{
	const struct json *d = json_get(p->body, "decision"), *v;
	const char *verdict = json_get_string(d, "verdict");
	const char *approval = json_get_string(d, "approval");
	const struct approval *a;
	const struct policy *q;
	const struct grant *g;

	if (verdict == NULL || strcmp(verdict, "allow") != 0)
		return 0;
	for (v = json_first(json_get(d, "grants")); v != NULL;
	     v = json_next(v)) {
		g = NULL;
		for (q = &p->s->policy; q != NULL && g == NULL; q = q->above)
			g = json_string(v) == NULL
				? NULL
				: policy_find(q, json_string(v));
		if (g == NULL || g->revoked != 0)
			return replay_drift(p, "a grant that stands",
			    json_string(v) == NULL ? "" : json_string(v));
	}
	if (approval == NULL)
		return 0;
	a = state_approval(p->s, c->name, c->arguments, p->rec->time);
	return a != NULL && strcmp(a->request, approval) == 0
		   ? 0
		   : replay_drift(p, "an approval that stands", approval);
}

/* The call `k` begins a batch, or goes on with the one that is recorded: how
 * a drift ends. */
static int
place(struct replaying *p, size_t k)
{
	const char *id = p->s->calls[k].id;
	bool alone = is_alone(p);
	struct action act;

	if (p->phase == REPLAY_CALLS && p->parallel && k == p->to && !alone) {
		p->to++;
		return 0;
	}
	act = replay_action(p);
	if (act.kind != ACT_TOOLS || act.from != k)
		return replay_drift_action(p, id);
	if (p->phase == REPLAY_RESULTS && p->parallel && p->sure &&
	    k == p->to && !alone)
		return replay_drift(
		    p, "this call together with those before it", id);
	p->from = p->next = k;
	p->to = k + 1;
	p->phase = REPLAY_CALLS;
	p->parallel = !alone;
	p->sure = !is_metered(p->s);
	return 0;
}

int
replay_tool_call(struct replaying *p)
{
	const char *id = json_get_string(p->body, "call");
	const struct call *c;

	if (json_get_string(p->body, "by") != NULL)
		return 0;
	c = id == NULL ? NULL : state_call(p->s, id);
	if (c == NULL || !p->running)
		return replay_drift_action(p, id == NULL ? "" : id);
	if (place(p, (size_t)(c - p->s->calls)) != 0 || same_call(p, c) != 0)
		return 1;
	p->result->actions++;
	return check_decision(p, c);
}

void
replay_close_batch(struct replaying *p)
{
	if (p->phase == REPLAY_CALLS)
		p->phase = REPLAY_RESULTS;
}

void
replay_forget_batch(struct replaying *p)
{
	p->phase = REPLAY_IDLE;
	p->from = p->to = p->next = 0;
	p->parallel = p->sure = false;
}

/* ---- tool.result --------------------------------------------------------------------------- */

/* What was not allowed was not made. */
static int
check_status(struct replaying *p, const struct call *c)
{
	const char *status = json_get_string(p->body, "status");
	bool denied = status != NULL && strcmp(status, "denied") == 0;
	bool pending = status != NULL && strcmp(status, "pending") == 0;

	if (c->verdict == GRANT_DENY && !denied &&
	    !json_get_bool(p->body, "unusable", false))
		return replay_drift(p, "the result of a denied call",
		    status == NULL ? "" : status);
	if (c->verdict == GRANT_ASK && !denied && !pending)
		return replay_drift(p, "the result of a call that is asked for",
		    status == NULL ? "" : status);
	return 0;
}

int
replay_tool_result(struct replaying *p)
{
	const char *id = json_get_string(p->body, "call");
	const struct call *c;
	struct action act;
	size_t k;

	if (json_get_string(p->body, "by") != NULL)
		return 0;
	replay_close_batch(p);
	c = id == NULL ? NULL : state_call(p->s, id);
	if (c != NULL && c->phase == CALL_WAITS && p->running) {
		p->result->actions++;
		return 0; /* that it has come is told by others' records */
	}
	if (c == NULL || c->phase != CALL_OPEN || !(p->running || p->newborn))
		return replay_drift_action(p, id == NULL ? "" : id);
	k = (size_t)(c - p->s->calls);
	if (p->phase == REPLAY_RESULTS && k >= p->from && k < p->to) {
		/* Those that are passed over stay open: the run was stopped. */
		if (k < p->next)
			return replay_drift(
			    p, "the end of the run, which was stopped", id);
		p->next = k + 1;
	} else {
		act = replay_action(p);
		if (act.kind != ACT_RECOVER || act.from != k)
			return replay_drift_action(p, id);
	}
	p->result->actions++;
	return check_status(p, c);
}

/* ---- what a call begins --------------------------------------------------------------------- */

/* A record of an open call, while that is recorded or made again. */
static int
begun(struct replaying *p, const char *id, const struct call *c)
{
	struct action act;
	size_t k;

	if (c == NULL || c->phase != CALL_OPEN || !p->running)
		return replay_drift_action(p, id);
	k = (size_t)(c - p->s->calls);
	if (p->phase != REPLAY_CALLS || k + 1 != p->to) {
		act = replay_action(p);
		if (act.kind != ACT_RECOVER || act.from != k)
			return replay_drift_action(p, id);
	}
	p->result->actions++;
	return 0;
}

int
replay_ask(struct replaying *p)
{
	const char *id = json_get_string(p->body, "call");
	const char *request = json_get_string(p->body, "request");
	const struct call *c;
	char want[32];
	size_t len = request == NULL ? 0 : strlen(request);

	(void)snprintf(want, sizeof(want), "-%" PRId64, p->rec->seq);
	if (len < strlen(want) ||
	    strcmp(request + len - strlen(want), want) != 0)
		return replay_drift(
		    p, want, request == NULL ? "no request" : request);
	if (id == NULL) /* the image's, or of where it was brought in from */
		return 0;
	c = state_call(p->s, id);
	return begun(p, id, c) != 0 ? 1 : same_call(p, c);
}

int
replay_wait(struct replaying *p)
{
	const char *id = json_get_string(p->body, "call");

	return begun(
	    p, id == NULL ? "" : id, id == NULL ? NULL : state_call(p->s, id));
}
