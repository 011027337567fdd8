#include "agent/forkcall.h"

#include <string.h>

#include "agent/fork.h"
#include "base/json.h"
#include "base/mem.h"

bool
forkcall_is(const struct tool *t)
{
	return t->kind == TOOL_RUNNER && strcmp(t->name, "fork_agent") == 0;
}

/* The children of this call: their ids, for the model; false: there are
 * none. */
static bool
settle_made(const struct runner *r, struct plan *p)
{
	const struct state *s = &r->s->state;
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < s->child_count; i++)
		if (s->children[i].call != NULL &&
		    strcmp(s->children[i].call, p->call->id) == 0)
			buf_printf(&text, "%s%s", text.len == 0 ? "" : "\n",
			    s->children[i].id);
	if (text.len == 0)
		return false;
	plan_settle(p, TOOL_OK, buf_str(&text));
	return true;
}

/* The lines, and what any command needs. */
static int
read_grants(const struct session *s, const struct json *list,
    struct policy *out, struct err *e)
{
	const struct json *v;

	if (s->state.policy.base)
		policy_add_base(out);
	for (v = json_first(list); v != NULL; v = json_next(v))
		if (policy_add(out, json_string(v), "fork_agent", e) < 0)
			return -1;
	return 0;
}

/* A child is not made: that is the call's answer, unless the journal is the
 * cause. */
static int
settle_error(
    struct runner *r, struct plan *p, const struct err *why, struct err *e)
{
	if (r->s->journal.broken) {
		*e = *why;
		return -1;
	}
	p->unstarted = !p->recorded;
	p->unusable = why->status == EX_CONFIG;
	plan_settle(
	    p, why->status == EX_NOPERM ? TOOL_DENIED : TOOL_FAILED, why->msg);
	return 0;
}

static int
make(struct runner *r, struct plan *p, struct fork *f, struct err *why)
{
	const struct json *list = json_get(p->arguments, "grants");
	struct policy policy CLEANUP(policy_free);

	policy_init(&policy);
	if (list != NULL) {
		if (read_grants(r->s, list, &policy, why) < 0)
			return -1;
		f->policy = &policy;
	}
	return fork_agents(r->s, f, why);
}

int
forkcall_tool(struct runner *r, struct plan *p, struct err *e)
{
	struct fork f = {
	    .count = (size_t)json_get_integer(p->arguments, "n", 1),
	    .goal = json_get_string(p->arguments, "goal"),
	    .from = r->s->info.id,
	    .labels = r->s->state.labels,
	    .call = p->call->id};
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	struct err why;

	if (settle_made(r, p))
		return 0;
	fork_ids(f.count, &ids);
	f.ids = ids;
	if (make(r, p, &f, &why) < 0)
		return settle_error(r, p, &why, e);
	if (session_commit(r->s, e) < 0)
		return -1;
	(void)settle_made(r, p);
	return 0;
}
