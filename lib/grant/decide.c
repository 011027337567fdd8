#include "grant/grant.h"

#include <string.h>

#include "base/utf8.h"
#include "grant/match.h"

static const char *
right_name(unsigned bit)
{
	static const char *const names[] = {
	    "read", "write", "exec", "connect", "call", "send"};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++)
		if (grant_right(names[i]) == bit)
			return names[i];
	return "use";
}

static void
say(struct decision *d, const char *text)
{
	size_t n = utf8_cut(text, strlen(text), sizeof(d->why) - 1);

	memcpy(d->why, text, n);
	d->why[n] = '\0';
}

static void
explain(struct decision *d, const struct subject *s, bool tainted)
{
	static const char *const verbs[] = {"denied", "asks first", "allowed"};
	const struct grant_query *q = s->query;
	const struct grant *g = d->winner;
	struct buf text CLEANUP_BUF = {0};

	if (g != NULL && g->from != NULL)
		buf_printf(&text, "%s by '%s' (%s)%s", verbs[d->verdict],
		    g->line, g->from,
		    tainted ? ", for the context is tainted" : "");
	else if (g != NULL)
		buf_printf(&text, "%s by '%s'%s", verbs[d->verdict], g->line,
		    tainted ? ", for the context is tainted" : "");
	else if (s->text == NULL)
		buf_printf(&text, "'%s:%s' is not a resource in its plain form",
		    grant_kind_name(q->kind), q->resource);
	else
		buf_printf(&text, "no grant to %s %s:%s", right_name(q->right),
		    grant_kind_name(q->kind), s->text);
	say(d, buf_str(&text));
}

static enum grant_effect
verdict_of(const struct grant *g, bool tainted)
{
	if (g->effect == GRANT_ALLOW && g->limits.unless_tainted && tainted)
		return GRANT_ASK;
	return g->effect;
}

/* A grant that matches, and what it would decide. */
struct candidate {
	const struct grant *grant;
	enum grant_effect verdict;
	uint64_t score;
};

/* In full ties the one that stands first stays. */
static bool
beats(const struct candidate *a, const struct candidate *b)
{
	if (b->grant == NULL)
		return true;
	if ((a->verdict == GRANT_DENY) != (b->verdict == GRANT_DENY))
		return a->verdict == GRANT_DENY;
	if (a->score != b->score)
		return a->score > b->score;
	return a->verdict < b->verdict;
}

void
policy_decide(
    const struct policy *p, const struct grant_query *q, struct decision *out)
{
	struct candidate best = {NULL, GRANT_DENY, 0}, c;
	struct subject s CLEANUP(subject_free);
	size_t i;

	subject_init(&s, q);
	for (i = 0; i < p->count; i++) {
		c.grant = &p->grants[i];
		if (!subject_match(&s, c.grant, &c.score))
			continue;
		c.verdict = verdict_of(c.grant, q->tainted);
		if (beats(&c, &best))
			best = c;
	}
	out->winner = best.grant;
	out->verdict = best.verdict;
	explain(
	    out, &s, best.grant != NULL && best.verdict != best.grant->effect);
}
