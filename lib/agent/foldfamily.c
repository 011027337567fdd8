/* state_apply's records of families: a fork in the parent, and the birth of a
 * child, which makes a state of its parent's its own. */
#include "agent/folding.h"

#include <string.h>

#include "agent/allot.h"
#include "base/mem.h"

/* ---- in the parent -------------------------------------------------------------- */

void
family_child_free(struct family_child *c)
{
	free(c->id);
	free(c->name);
	free(c->call);
}

struct family_child *
state_child(const struct state *s, const char *id)
{
	size_t i;

	for (i = s->child_count; i-- > 0;)
		if (strcmp(s->children[i].id, id) == 0)
			return &s->children[i];
	return NULL;
}

int
folding_fork(struct folding *f, struct err *e)
{
	const struct json *v = json_first(json_get(f->body, "children"));
	struct state *s = f->s;

	for (; v != NULL; v = json_next(v)) {
		const char *id = json_get_string(v, "id");
		struct family_child c = {.seq = f->rec->seq};

		if (id == NULL || strlen(id) != ULID_TEXT - 1)
			return folding_bad(f, "a child without an id", e);
		c.id = mem_strdup(id);
		c.name = mem_strdup(json_get_string(v, "name"));
		c.call = mem_strdup(json_get_string(f->body, "call"));
		limits_read(json_get(v, "limits"), &c.limits);
		c.has_base = folding_digest(f->body, "base", &c.base);
		mem_room(&s->children, s->child_count, &s->child_cap,
		    sizeof(*s->children));
		s->children[s->child_count++] = c;
		s->usage.children++;
	}
	return 0;
}

void
folding_child_exit(struct folding *f, const char *id)
{
	struct family_child *c = state_child(f->s, id);
	const char *state = json_get_string(f->body, "state");

	if (c == NULL || agent_status_parse(state, &c->state) < 0)
		return;
	c->status = (int)json_get_integer(f->body, "status", 0);
	usage_read(json_get(f->body, "usage"), &c->used);
	/* once it has given back, nothing is reserved for it any more */
	c->ended = c->ended || agent_has_ended(c->state);
}

void
folding_give_back_rest(struct state *s)
{
	enum budget_kind k;

	if (!s->forked || !agent_has_ended(s->status))
		return;
	for (k = 0; k < BUDGET_KINDS; k++)
		if (limits_of(&s->limits, k) != INT64_MAX)
			limits_set(&s->limits, k, allot_spent(s, k));
}

/* ---- in the child --------------------------------------------------------------- */

static bool
is_finite(const struct grant *g)
{
	return g->limits.uses >= 0 || g->limits.bytes >= 0;
}

/* What may be used so often only cannot be in two places. */
static void
drop_finite(struct policy *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->count; i++)
		if (p->grants[i].effect == GRANT_ALLOW &&
		    is_finite(&p->grants[i]))
			grant_free(&p->grants[i]);
		else
			p->grants[n++] = p->grants[i];
	p->count = n;
}

static bool
same_grants(const struct policy *a, const struct policy *b)
{
	size_t i;

	if (a->count != b->count || a->base != b->base)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->grants[i].id, b->grants[i].id) != 0 ||
		    strcmp(a->grants[i].line, b->grants[i].line) != 0)
			return false;
	return true;
}

static void
copy_grant(struct policy *to, const struct grant *g)
{
	struct grant *new;
	struct err e;
	size_t i;

	if (policy_add(to, g->line, g->from, &e) < 0)
		return; /* it allows, asks or denies above all the same */
	new = &to->grants[to->count - 1];
	folding_set(&new->id, g->id);
	new->given = g->given;
	new->revoked = g->revoked;
	new->parents = mem_new(g->parent_count, sizeof(*new->parents));
	for (i = 0; i < g->parent_count; i++)
		new->parents[new->parent_count++] = mem_strdup(g->parents[i]);
}

bool
state_has_layer(const struct state *s)
{
	const struct policy *p;
	size_t depth = 0;

	for (p = &s->policy; p != NULL; p = p->above)
		depth++;
	return depth <= LAYERS_MOST || same_grants(&s->policy, s->policy.above);
}

/*
 * The parent's layer stands above the child's own, which begins as a copy of
 * it, or empty when grants of its own follow.  A layer that only repeats the
 * one above it is not kept: it says nothing.
 */
static int
take_authority(struct folding *f, const char *parent, struct err *e)
{
	struct policy *own = &f->s->policy, *p;
	size_t i, depth = 0;

	for (p = own; p != NULL; p = p->above) {
		drop_finite(p);
		folding_descend(p, parent);
		depth++;
	}
	if (own->above != NULL && same_grants(own, own->above)) {
		p = own->above;
		own->above = NULL;
		policy_free(own);
		policy_init(own);
		own->above = p;
	} else {
		if (depth > LAYERS_MOST)
			return folding_bad(f, "too many layers of grants", e);
		state_push_layer(f->s);
	}
	if (!json_get_bool(f->body, "inherit", true))
		return 0;
	for (i = 0; i < own->above->count; i++)
		copy_grant(own, &own->above->grants[i]);
	own->base = own->above->base;
	return 0;
}

/* What was the parent's alone. */
static void
forget(struct state *s)
{
	while (s->approval_count > 0)
		approval_free(&s->approvals[--s->approval_count]);
	while (s->taken_count > 0)
		free(s->taken[--s->taken_count].why);
	while (s->child_count > 0)
		family_child_free(&s->children[--s->child_count]);
	free(s->children);
	s->children = NULL;
	s->child_cap = 0;
	mailstate_free(&s->mail);
	s->mail = (struct mailstate){0};
	free(s->text);
	free(s->report);
	s->text = s->report = NULL;
	s->usage = (struct usage){0};
	s->forked = true;
	s->limits = (struct limits){0};
	free(s->exit_why);
	s->exit_why = NULL;
	s->exit_owed = 0;
	s->exit_status = 0;
	s->halt = HALT_NONE;
	s->restoring = 0;
	free(s->joining);
	s->joining = NULL;
	s->awake = false;
	s->status = AGENT_READY;
}

/* Calls that the parent makes, or was about to: results follow that say that
 * they are not the child's. */
static void
open_calls(struct state *s)
{
	size_t i;

	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase == CALL_WANTED) {
			s->calls[i].phase = CALL_OPEN;
			s->calls[i].verdict =
			    GRANT_ALLOW; /* nobody denied it */
		}
	if (s->model_call != 0) {
		s->model_call = 0;
		s->needs_model = true;
	}
}

int
folding_forked(struct folding *f, struct err *e)
{
	const struct json *fork = json_get(f->body, "fork");
	const char *parent = json_get_string(fork, "agent");
	const char *note = json_get_string(f->body, "note");
	struct state *s = f->s;

	if (s->model == NULL || parent == NULL ||
	    json_get_integer(fork, "seq", 0) != f->rec->seq - 1)
		return folding_bad(f, "a fork of nothing", e);
	if (take_authority(f, parent, e) < 0)
		return -1;
	forget(s);
	open_calls(s);
	folding_cancel(s, NULL);
	limits_read(json_get(f->body, "limits"), &s->limits);
	folding_set(&s->model, json_get_string(f->body, "model"));
	if (note != NULL)
		folding_say(s, "user", note);
	return 0;
}
