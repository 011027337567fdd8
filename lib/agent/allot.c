#include "agent/allot.h"

#include <inttypes.h>

#include "base/clock.h"

/* What a child used, or still may. */
static int64_t
held(const struct family_child *c, enum budget_kind k)
{
	int64_t reserved = limits_of(&c->limits, k);
	int64_t used = usage_of(&c->used, k);

	return c->ended || reserved == INT64_MAX || reserved < used ? used
								    : reserved;
}

int64_t
allot_spent(const struct state *s, enum budget_kind k)
{
	int64_t sum = usage_of(&s->usage, k);
	size_t i;

	for (i = 0; i < s->child_count; i++)
		sum = budget_sum(sum, held(&s->children[i], k));
	return sum;
}

void
allot_total(const struct state *s, struct usage *out)
{
	struct usage u = s->usage;
	int64_t more;
	size_t i;

	for (i = 0; i < s->child_count; i++)
		usage_add(&u, &s->children[i].used);
	/* tokens that may still be used are neither in nor out yet */
	more = allot_spent(s, BUDGET_TOKENS) - usage_of(&u, BUDGET_TOKENS);
	u.input = budget_sum(u.input, more);
	u.turns = allot_spent(s, BUDGET_TURNS);
	u.tool_calls = allot_spent(s, BUDGET_TOOL_CALLS);
	u.cost = allot_spent(s, BUDGET_COST);
	u.time_ns = allot_spent(s, BUDGET_TIME);
	u.cpu_ns = allot_spent(s, BUDGET_CPU);
	u.bytes = allot_spent(s, BUDGET_BYTES);
	u.children = allot_spent(s, BUDGET_CHILDREN);
	*out = u;
}

int64_t
allot_left(const struct state *s, enum budget_kind k)
{
	int64_t limit = limits_of(&s->limits, k), spent = allot_spent(s, k);

	if (limit == INT64_MAX)
		return limit;
	return limit > spent ? limit - spent : 0;
}

void
allot_limits_left(const struct state *s, struct limits *out)
{
	enum budget_kind k;

	for (k = 0; k < BUDGET_KINDS; k++)
		limits_set(out, k, allot_left(s, k));
}

/* A record holds whole ones. */
static int64_t
unit_of(enum budget_kind k)
{
	return k == BUDGET_TIME || k == BUDGET_CPU ? CLOCK_SECOND : 1;
}

static int
refuse(enum budget_kind k, int64_t left, size_t n, struct err *e)
{
	int64_t unit = unit_of(k);

	return err_set(e, EX_LIMIT, 0,
	    "the limit of %s leaves %" PRId64 "%s: not enough for %zu %s",
	    budget_name(k), left / unit, unit == 1 ? "" : " s", n,
	    n == 1 ? "child" : "children");
}

static int
share_kind(enum budget_kind k, int64_t left, size_t n, int64_t ask,
    int64_t *out, struct err *e)
{
	int64_t count = (int64_t)n, rest = left, each;

	*out = ask;
	if (left == INT64_MAX)
		return 0;
	if (k == BUDGET_CHILDREN)
		rest -= count;
	each = rest < 0 ? -1 : rest / count;
	if (each >= 0 && ask == INT64_MAX) {
		each = rest / (count + 1);
		*out = ask = each / unit_of(k) * unit_of(k);
		/* with none of it, a child could do nothing at all */
		if (ask == 0 && k != BUDGET_CHILDREN)
			each = -1;
	}
	return each < ask ? refuse(k, left, n, e) : 0;
}

int
allot_share(const struct limits *left, size_t n, const struct limits *ask,
    struct limits *out, struct err *e)
{
	static const struct limits nothing = {0};
	struct limits share = {0};
	enum budget_kind k;
	int64_t each;

	if (n < 1 || n > ALLOT_CHILDREN_MAX)
		return err_set(e, EX_USAGE, 0, "want 1 to %d children, not %zu",
		    ALLOT_CHILDREN_MAX, n);
	for (k = 0; k < BUDGET_KINDS; k++) {
		if (share_kind(k, limits_of(left, k), n,
			limits_of(ask == NULL ? &nothing : ask, k), &each,
			e) < 0)
			return -1;
		limits_set(&share, k, each);
	}
	*out = share;
	return 0;
}
