/* state_apply's records of authority: grants, revocations, commands, and the
 * uses that calls take. */
#include "agent/folding.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

/* The layers above the agent's own are its ancestors'. */
void
state_push_layer(struct state *s)
{
	struct policy *above = mem_new(1, sizeof(*above));

	*above = s->policy;
	policy_init(&s->policy);
	s->policy.above = above;
}

static int64_t
depth(const struct policy *p)
{
	int64_t n = 0;

	for (p = p->above; p != NULL; p = p->above)
		n++;
	return n;
}

static void
read_parents(struct grant *g, const struct json *list)
{
	const struct json *v;
	size_t cap = 0;

	for (v = json_first(list); v != NULL; v = json_next(v)) {
		if (json_string(v) == NULL)
			continue;
		mem_room(
		    &g->parents, g->parent_count, &cap, sizeof(*g->parents));
		g->parents[g->parent_count++] = mem_strdup(json_string(v));
	}
}

/* What was given on to another agent is no longer here to be used. */
static int
apply_handed_on(struct folding *f, const char *id)
{
	int64_t uses = json_get_integer(f->body, "uses", 0);
	int64_t bytes = json_get_integer(f->body, "bytes", 0);
	struct grant *g = policy_find(&f->s->policy, id);

	if (g != NULL && g->limits.uses >= 0)
		g->limits.uses -= uses < g->limits.uses ? uses : g->limits.uses;
	if (g != NULL && g->limits.bytes >= 0)
		g->limits.bytes -=
		    bytes < g->limits.bytes ? bytes : g->limits.bytes;
	return 0;
}

int
folding_grant(struct folding *f, struct err *e)
{
	const char *line = json_get_string(f->body, "line");
	const char *id = json_get_string(f->body, "grant");
	const char *from = json_get_string(f->body, "from");
	struct policy *p = &f->s->policy;
	struct grant *g;

	if (line == NULL || id == NULL)
		return folding_bad(f, "no line or id", e);
	if (json_get_string(f->body, "to") != NULL)
		return apply_handed_on(f, id);
	while (depth(p) < json_get_integer(f->body, "layer", 0) &&
	       depth(p) < LAYERS_MOST)
		state_push_layer(f->s);
	if (strcmp(line, "base") == 0) {
		policy_add_base(p);
		return 0;
	}
	if (policy_add(p, line, from == NULL ? "journal" : from, e) < 0) {
		e->status = EX_DATAERR; /* it was good when it was given */
		return err_wrap(e, "record %" PRId64, f->rec->seq);
	}
	g = &p->grants[p->count - 1];
	folding_set(&g->id, id);
	g->given = f->rec->time;
	read_parents(g, json_get(f->body, "parents"));
	return 0;
}

int
folding_revoke(struct folding *f, struct err *e)
{
	const char *id = json_get_string(f->body, "grant");
	struct policy *p;
	size_t i;

	if (id == NULL)
		return folding_bad(f, "no grant", e);
	for (p = &f->s->policy; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++)
			if (strcmp(p->grants[i].id, id) == 0)
				p->grants[i].revoked = f->rec->seq;
	state_drop_approval(f->s, id);
	return 0;
}

/* Nonces are kept for as long as their commands could be sent again. */
static void
forget_old(struct state *s, int64_t now)
{
	size_t i, n = 0;

	for (i = 0; i < s->taken_count; i++) {
		if (s->taken[i].expires > now)
			s->taken[n++] = s->taken[i];
		else
			free(s->taken[i].why);
	}
	s->taken_count = n;
}

int
folding_command(struct folding *f, struct err *e)
{
	const char *nonce = json_get_string(f->body, "nonce");
	const char *expires = json_get_string(f->body, "expires");
	struct state *s = f->s;
	struct taken t = {0};

	if (nonce == NULL || strlen(nonce) != sizeof(t.nonce) - 1 ||
	    expires == NULL || clock_parse(expires, &t.expires) < 0)
		return folding_bad(f, "no nonce, or a bad time", e);
	memcpy(t.nonce, nonce, sizeof(t.nonce));
	t.status = (int)json_get_integer(f->body, "status", 0);
	t.why = mem_strdup(json_get_string(f->body, "why"));
	forget_old(s, f->rec->time);
	mem_room(&s->taken, s->taken_count, &s->taken_cap, sizeof(*s->taken));
	s->taken[s->taken_count++] = t;
	folding_signal(f);
	return 0;
}

const struct taken *
state_taken(const struct state *s, const char *nonce)
{
	size_t i;

	for (i = 0; i < s->taken_count; i++)
		if (strcmp(s->taken[i].nonce, nonce) == 0)
			return &s->taken[i];
	return NULL;
}

/* ---- uses ------------------------------------------------------------------------ */

static struct grant *
find(struct state *s, const char *id)
{
	struct policy *p;
	struct grant *g = NULL;

	for (p = &s->policy; p != NULL && g == NULL && id != NULL; p = p->above)
		g = policy_find(p, id);
	return g;
}

void
folding_spend(struct state *s, const struct json *decision)
{
	const struct json *v;
	struct grant *g;

	for (v = json_first(json_get(decision, "grants")); v != NULL;
	     v = json_next(v)) {
		g = find(s, json_string(v));
		if (g != NULL && g->limits.uses > 0)
			g->limits.uses--;
	}
	for (v = json_first(json_get(decision, "reserved")); v != NULL;
	     v = json_next(v)) {
		g = find(s, json_string(v));
		if (g == NULL)
			continue;
		if (g->limits.uses > 0)
			g->limits.uses = 0;
		if (g->limits.bytes > 0)
			g->limits.bytes = 0;
	}
}

static void
add(int64_t *to, int64_t n)
{
	if (*to >= 0 && n > 0 && __builtin_add_overflow(*to, n, to))
		*to = INT64_MAX;
}

void
folding_give_back(struct state *s, const struct json *unused)
{
	const struct json *v;
	struct grant *g;

	for (v = json_first(unused); v != NULL; v = json_next(v)) {
		g = find(s, json_get_string(v, "grant"));
		if (g == NULL)
			continue;
		add(&g->limits.uses, json_get_integer(v, "uses", 0));
		add(&g->limits.bytes, json_get_integer(v, "bytes", 0));
	}
}
