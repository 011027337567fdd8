#include "grant/grant.h"

#include <string.h>

#include "base/mem.h"
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

static enum grant_effect
verdict_of(const struct grant *g, unsigned labels)
{
	if (g->effect == GRANT_ALLOW && g->limits.unless_tainted &&
	    (labels & LABEL_TAINTED) != 0)
		return GRANT_ASK;
	return g->effect;
}

bool
grant_leaves(enum grant_kind kind)
{
	return kind == GRANT_NET || kind == GRANT_MCP || kind == GRANT_AGENT ||
	       kind == GRANT_HUMAN;
}

static void
explain(struct decision *d, const struct subject *s)
{
	static const char *const verbs[] = {"denied", "asks first", "allowed"};
	const struct grant_query *q = s->query;
	const struct grant *g = d->winner;
	const char *but = "";
	struct buf text CLEANUP_BUF = {0};

	if (g != NULL && d->verdict != g->effect)
		but = verdict_of(g, q->labels) != g->effect
			  ? ", for the context is tainted"
			  : ", for it has read what is secret";
	if (g != NULL && g->from != NULL)
		buf_printf(&text, "%s by '%s' (%s)%s", verbs[d->verdict],
		    g->line, g->from, but);
	else if (g != NULL)
		buf_printf(
		    &text, "%s by '%s'%s", verbs[d->verdict], g->line, but);
	else if (s->text == NULL)
		buf_printf(&text, "'%s:%s' is not a resource in its plain form",
		    grant_kind_name(q->kind), q->resource);
	else
		buf_printf(&text, "no grant to %s %s:%s", right_name(q->right),
		    grant_kind_name(q->kind), s->text);
	say(d, buf_str(&text));
}

/* A grant that matches, and what it would decide. */
struct candidate {
	struct verdict verdict;
	uint64_t score;
};

/* Is it about some calls only: those with these arguments, or of that tool? */
static bool
is_conditional(const struct grant *g)
{
	return g->limits.wheres > 0 || g->limits.via != NULL;
}

/* Conditions are not weighed against each other: what two grants say of the
 * same resource, each under its own, the more careful one decides.  In full
 * ties the one that stands first stays. */
static bool
beats(const struct candidate *a, const struct candidate *b)
{
	enum grant_effect x = a->verdict.effect, y = b->verdict.effect;
	bool if_a, if_b;

	if (b->verdict.winner == NULL)
		return true;
	if ((x == GRANT_DENY) != (y == GRANT_DENY))
		return x == GRANT_DENY;
	if (a->score != b->score)
		return a->score > b->score;
	if_a = is_conditional(a->verdict.winner);
	if_b = is_conditional(b->verdict.winner);
	if (if_a != if_b)
		return if_a;
	if (x != y)
		return x < y;
	return a->verdict.winner->limits.release &&
	       !b->verdict.winner->limits.release;
}

/* The one place that decides: for each right of the query's set. */
static void
decide(const struct policy *p, const struct subject *s,
    struct verdict out[RIGHT_BITS])
{
	struct candidate best[RIGHT_BITS] = {{{GRANT_DENY, NULL}, 0}}, c;
	bool held_back = (s->query->labels & LABEL_SECRET) != 0 &&
			 grant_leaves(s->query->kind);
	unsigned rights;
	size_t i, bit;

	for (i = 0; i < p->count; i++) {
		c.verdict.winner = &p->grants[i];
		if (subject_misses(s, c.verdict.winner) ||
		    !subject_match(s, c.verdict.winner, &c.score))
			continue;
		c.verdict.effect =
		    verdict_of(c.verdict.winner, s->query->labels);
		rights = c.verdict.winner->rights & s->query->right;
		for (bit = 0; bit < RIGHT_BITS; bit++)
			if ((rights >> bit & 1) != 0 && beats(&c, &best[bit]))
				best[bit] = c;
	}
	for (bit = 0; bit < RIGHT_BITS; bit++) {
		out[bit] = best[bit].verdict;
		if (held_back && out[bit].effect == GRANT_ALLOW &&
		    !out[bit].winner->limits.release)
			out[bit].effect = GRANT_ASK;
	}
}

static void
decide_layers(const struct policy *p, const struct subject *s,
    struct verdict out[RIGHT_BITS])
{
	struct verdict layer[RIGHT_BITS];
	size_t bit;

	decide(p, s, out);
	for (p = p->above; p != NULL; p = p->above) {
		decide(p, s, layer);
		for (bit = 0; bit < RIGHT_BITS; bit++)
			if (layer[bit].effect < out[bit].effect)
				out[bit] = layer[bit];
	}
}

void
policy_verdicts(const struct policy *p, const struct grant_query *q,
    struct verdict out[RIGHT_BITS])
{
	struct subject s CLEANUP(subject_free);

	subject_init(&s, q);
	decide_layers(p, &s, out);
}

/* The verdict of one layer on the query's one right. */
static struct verdict
decide_one(const struct policy *p, const struct subject *s)
{
	struct verdict all[RIGHT_BITS];
	size_t bit = 0;

	decide(p, s, all);
	while (bit + 1 < RIGHT_BITS && (s->query->right >> bit & 1) == 0)
		bit++;
	return all[bit];
}

static void
begin(struct decision *d, struct verdict v)
{
	d->verdict = v.effect;
	d->winner = v.winner;
	d->used_count = 0;
}

static void
use(struct decision *d, const struct verdict *v)
{
	if (v->effect != GRANT_DENY && d->used_count < DECISION_USED)
		d->used[d->used_count++] = v->winner;
}

void
policy_decide_layer(
    const struct policy *p, const struct grant_query *q, struct decision *out)
{
	struct subject s CLEANUP(subject_free);
	struct verdict v;

	subject_init(&s, q);
	v = decide_one(p, &s);
	begin(out, v);
	use(out, &v);
	explain(out, &s);
}

void
policy_decide(
    const struct policy *p, const struct grant_query *q, struct decision *out)
{
	struct subject s CLEANUP(subject_free);
	struct verdict v;

	subject_init(&s, q);
	v = decide_one(p, &s);
	begin(out, v);
	use(out, &v);
	for (p = p->above; p != NULL; p = p->above) {
		v = decide_one(p, &s);
		use(out, &v);
		if (v.effect < out->verdict) {
			out->verdict = v.effect;
			out->winner = v.winner;
		}
	}
	explain(out, &s);
}

unsigned
policy_labels(const struct policy *p, const struct grant_query *q)
{
	struct subject s CLEANUP(subject_free);
	unsigned labels = 0;
	size_t i;

	subject_init(&s, q);
	for (; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++)
			if (p->grants[i].labels != 0 &&
			    p->grants[i].revoked == 0 &&
			    subject_covered(&s, &p->grants[i]))
				labels |= p->grants[i].labels;
	return labels;
}

unsigned
policy_labels_of(const struct policy *p, enum grant_kind kind)
{
	unsigned labels = 0;
	size_t i;

	for (; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++)
			if (p->grants[i].kind == kind &&
			    p->grants[i].revoked == 0)
				labels |= p->grants[i].labels;
	return labels;
}

bool
decision_use(struct decision *d, const struct decision *other)
{
	size_t i, k;

	for (i = 0; i < other->used_count; i++) {
		for (k = 0; k < d->used_count; k++)
			if (d->used[k] == other->used[i])
				break;
		if (k < d->used_count)
			continue;
		if (d->used_count == DECISION_USED)
			return false;
		d->used[d->used_count++] = other->used[i];
	}
	return true;
}

static bool
is_used(const struct decision *d, const struct grant *g)
{
	size_t i;

	for (i = 0; i < d->used_count; i++)
		if (d->used[i] == g)
			return true;
	return false;
}

void
policy_approved(
    const struct policy *p, const struct decision *d, struct policy *out)
{
	size_t i;

	*out = *p;
	out->grants = mem_new(p->count, sizeof(*p->grants));
	for (i = 0; i < p->count; i++) {
		out->grants[i] = p->grants[i];
		if (!is_used(d, &p->grants[i]))
			continue;
		out->grants[i].effect = GRANT_ALLOW;
		out->grants[i].limits.unless_tainted = false;
		out->grants[i].limits.release = true;
	}
	if (p->above == NULL)
		return;
	out->above = mem_new(1, sizeof(*out->above));
	policy_approved(p->above, d, out->above);
}

void
policy_approved_free(struct policy *p)
{
	if (p->above != NULL)
		policy_approved_free(p->above);
	free(p->above);
	free(p->grants);
	*p = (struct policy){0};
}
