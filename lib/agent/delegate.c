/* Giving on: what one agent may give to another, and taking it from there. */
#include <string.h>

#include "agent/authority.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "grant/within.h"

/* A grant with its resource made absolute, to compare it. */
static void
absolute(const struct grant *g, const char *workspace, struct grant *out)
{
	char *line CLEANUP_FREE = grant_absolute(g, workspace);
	struct err e;

	if (grant_parse(line == NULL ? g->line : line, out, &e) < 0) {
		/* A workspace whose name cannot be written in a policy: then
		 * it compares with nothing, and overlaps with everything. */
		(void)grant_parse("deny read,write,exec file:/**", out, &e);
		return;
	}
	out->limits.uses = g->limits.uses;
	out->limits.bytes = g->limits.bytes;
	out->given = g->given;
	out->revoked = g->revoked;
}

static bool
is_over(const struct grant *g, int64_t now)
{
	const struct grant_limits *l = &g->limits;
	int64_t end;

	return g->revoked != 0 || (l->until_ns > 0 && now >= l->until_ns) ||
	       (l->for_ns > 0 && g->given != 0 &&
		   !__builtin_add_overflow(g->given, l->for_ns, &end) &&
		   now >= end);
}

struct search {
	const struct session *s;
	const struct grant *child;
	int64_t now;
	const struct grant *parent; /* the first that may give it on */
	const struct grant *against;
};

/* Look through one layer: may its party do what the child may? */
static bool
layer_allows(struct search *x, const struct policy *p, bool own)
{
	bool found = false;
	size_t i;

	for (i = 0; i < p->count && x->against == NULL; i++) {
		const struct grant *g = &p->grants[i];
		struct grant a CLEANUP(grant_free) = {0};

		if (is_over(g, x->now))
			continue;
		absolute(g, x->s->workspace, &a);
		if (!found && (!own || grant_delegates(&a, x->child)) &&
		    grant_within(x->child, &a)) {
			found = true;
			if (own)
				x->parent = g;
		} else if (a.effect < x->child->effect &&
			   grant_overlaps(&a, x->child)) {
			x->against = g;
		}
	}
	return found;
}

static int
find_parent(struct search *x, struct err *e)
{
	const struct policy *p = &x->s->state.policy;
	bool all = layer_allows(x, p, true);

	for (p = p->above; p != NULL && all && x->against == NULL; p = p->above)
		all = layer_allows(x, p, false);
	if (x->against != NULL)
		return err_set(e, EX_NOPERM, 0,
		    "'%s' reaches into what '%s' keeps back (%s); give less",
		    x->child->line, x->against->line, x->against->id);
	if (!all)
		return err_set(e, EX_NOPERM, 0,
		    "'%s' is within no grant that may be given on "
		    "('delegable'), or that allows it in every layer",
		    x->child->line);
	return 0;
}

/* It ends when its parent does, to the microsecond that can be written. */
static void
end_with(struct grant *child, const struct grant *parent)
{
	const struct grant_limits *l = &parent->limits;
	int64_t end = l->until_ns > 0 ? l->until_ns : INT64_MAX, of;
	struct buf line = {0};

	if (l->for_ns > 0 && parent->given != 0 &&
	    !__builtin_add_overflow(parent->given, l->for_ns, &of) && of < end)
		end = of - of % 1000;
	if (end == INT64_MAX ||
	    (child->limits.until_ns > 0 && child->limits.until_ns <= end))
		return;
	child->limits.until_ns = end;
	grant_print(child, &line);
	free(child->line);
	child->line = buf_steal(&line);
}

static const struct grant *
first_within(const struct session *s, const struct grant *child, int64_t now)
{
	const struct policy *p = &s->state.policy;
	size_t i;

	for (i = 0; i < p->count; i++) {
		struct grant a CLEANUP(grant_free) = {0}, c = *child;

		if (is_over(&p->grants[i], now))
			continue;
		absolute(&p->grants[i], s->workspace, &a);
		if (!grant_delegates(&a, child))
			continue;
		/* But for the end, which it is given. */
		a.limits.for_ns = a.limits.until_ns = 0;
		if (grant_within(&c, &a))
			return &p->grants[i];
	}
	return NULL;
}

int
authority_delegable(const struct session *s, const char *line, int64_t now,
    struct grant *out, const struct grant **parent, struct err *e)
{
	struct grant typed CLEANUP(grant_free) = {0};
	struct grant child;
	struct search x = {.s = s, .child = &child, .now = now};
	const struct grant *g;
	char *moved CLEANUP_FREE = NULL;

	if (grant_parse(line, &typed, e) < 0)
		return -1;
	if (typed.effect == GRANT_DENY)
		return err_set(
		    e, EX_NOPERM, 0, "a denial is not given on; use give");
	moved = grant_absolute(&typed, s->workspace);
	if (grant_parse(moved == NULL ? typed.line : moved, &child, e) < 0)
		return -1;
	child.given = now;
	g = first_within(s, &child, now);
	if (g != NULL)
		end_with(&child, g);
	if (find_parent(&x, e) < 0) {
		grant_free(&child);
		return -1;
	}
	*out = child;
	*parent = x.parent;
	return 0;
}

static int
stage_taken(struct session *s, const struct order *c, const struct grant *child,
    const struct grant *parent, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "grant", parent->id);
	jsonw_string(&w, "to", json_get_string(c->body, "to"));
	jsonw_string(&w, "line", child->line);
	if (child->limits.uses > 0)
		jsonw_integer(&w, "uses", child->limits.uses);
	if (child->limits.bytes > 0)
		jsonw_integer(&w, "bytes", child->limits.bytes);
	jsonw_string(&w, "command", c->nonce);
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_GRANT, (struct slice){body.data, body.len}, e);
}

int
authority_hand_on(struct session *s, const struct order *c, struct err *e)
{
	const char *line = json_get_string(c->body, "line");
	const char *id = json_get_string(c->body, "grant");
	const struct grant *parent;
	struct grant child;
	int got;

	if (line == NULL || id == NULL ||
	    json_get_string(c->body, "to") == NULL)
		return err_set(e, EX_DATAERR, 0, "no grant, line or receiver");
	if (authority_sync(s, e) < 0 ||
	    authority_delegable(
		s, line, journal_now(&s->journal), &child, &parent, e) < 0)
		return -1;
	if (strcmp(parent->id, id) != 0 || strcmp(child.line, line) != 0)
		got = err_set(e, EX_NOPERM, 0,
		    "what it would be given from has changed; try again");
	else
		got = stage_taken(s, c, &child, parent, e);
	grant_free(&child);
	return got;
}
