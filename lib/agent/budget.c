#include "agent/budget.h"

#include <string.h>

#include "base/clock.h"

#define MOST (INT64_MAX / 2)

static const struct {
	const char *key, *name;
	size_t at;    /* in struct limits */
	int64_t unit; /* of the key's number */
} kinds[BUDGET_KINDS] = {
    [BUDGET_TURNS] = {"turns", "turns", offsetof(struct limits, turns), 1},
    [BUDGET_TOOL_CALLS] = {"tool_calls", "tool calls",
	offsetof(struct limits, tool_calls), 1},
    [BUDGET_TOKENS] = {"tokens", "tokens", offsetof(struct limits, tokens), 1},
    [BUDGET_COST] = {"cost", "cost", offsetof(struct limits, cost), 1},
    [BUDGET_TIME] = {"seconds", "time", offsetof(struct limits, time_ns),
	CLOCK_SECOND},
    [BUDGET_CPU] = {"cpu_seconds", "processor time",
	offsetof(struct limits, cpu_ns), CLOCK_SECOND},
    [BUDGET_BYTES] = {"bytes", "bytes written", offsetof(struct limits, bytes),
	1},
    [BUDGET_CHILDREN] = {"children", "children",
	offsetof(struct limits, children), 1},
};

static const struct {
	const char *key;
	size_t at;
	int64_t unit;
} uses[] = {
    {"turns", offsetof(struct usage, turns), 1},
    {"tool_calls", offsetof(struct usage, tool_calls), 1},
    {"input", offsetof(struct usage, input), 1},
    {"output", offsetof(struct usage, output), 1},
    {"cached", offsetof(struct usage, cached), 1},
    {"cost", offsetof(struct usage, cost), 1},
    {"milliseconds", offsetof(struct usage, time_ns), CLOCK_MILLI},
    {"cpu_us", offsetof(struct usage, cpu_ns), CLOCK_SECOND / 1000000},
    {"bytes", offsetof(struct usage, bytes), 1},
    {"children", offsetof(struct usage, children), 1},
};

static int64_t
get(const void *base, size_t at)
{
	int64_t v;

	memcpy(&v, (const char *)base + at, sizeof(v));
	return v;
}

static void
put(void *base, size_t at, int64_t v)
{
	memcpy((char *)base + at, &v, sizeof(v));
}

const char *
budget_key(enum budget_kind k)
{
	return kinds[k].key;
}

const char *
budget_name(enum budget_kind k)
{
	return kinds[k].name;
}

bool
limits_none(const struct limits *l)
{
	enum budget_kind k;

	for (k = 0; k < BUDGET_KINDS; k++)
		if (get(l, kinds[k].at) != 0)
			return false;
	return true;
}

int64_t
limits_of(const struct limits *l, enum budget_kind k)
{
	int64_t v = get(l, kinds[k].at);

	if (v == 0)
		return INT64_MAX;
	return v < 0 ? 0 : v;
}

void
limits_set(struct limits *l, enum budget_kind k, int64_t v)
{
	if (v == INT64_MAX)
		v = 0;
	else if (v <= 0)
		v = LIMIT_NOTHING;
	put(l, kinds[k].at, v);
}

void
limits_fill(struct limits *l, const struct limits *more)
{
	enum budget_kind k;

	for (k = 0; k < BUDGET_KINDS; k++)
		if (get(l, kinds[k].at) == 0)
			put(l, kinds[k].at, get(more, kinds[k].at));
}

void
limits_write(struct jsonw *w, const char *key, const struct limits *l)
{
	enum budget_kind k;
	int64_t v, unit;

	jsonw_object(w, key);
	for (k = 0; k < BUDGET_KINDS; k++) {
		v = limits_of(l, k);
		unit = kinds[k].unit;
		if (v != INT64_MAX)
			jsonw_integer(w, kinds[k].key,
			    v / unit + (v % unit == 0 ? 0 : 1));
	}
	jsonw_end(w, '}');
}

void
limits_read(const struct json *j, struct limits *l)
{
	enum budget_kind k;
	int64_t v;

	for (k = 0; k < BUDGET_KINDS; k++) {
		v = json_get_integer(j, kinds[k].key, -1);
		if (v >= 0 && v < INT64_MAX / kinds[k].unit)
			limits_set(l, k, v * kinds[k].unit);
	}
}

int64_t
budget_sum(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) || sum > MOST ? MOST : sum;
}

int64_t
usage_of(const struct usage *u, enum budget_kind k)
{
	switch (k) {
	case BUDGET_TURNS:
		return u->turns;
	case BUDGET_TOOL_CALLS:
		return u->tool_calls;
	case BUDGET_TOKENS:
		return budget_sum(u->input, u->output);
	case BUDGET_COST:
		return u->cost;
	case BUDGET_TIME:
		return u->time_ns;
	case BUDGET_CPU:
		return u->cpu_ns;
	case BUDGET_BYTES:
		return u->bytes;
	default:
		return u->children;
	}
}

void
usage_add(struct usage *u, const struct usage *more)
{
	size_t i;

	for (i = 0; i < COUNT_OF(uses); i++)
		put(u, uses[i].at,
		    budget_sum(get(u, uses[i].at), get(more, uses[i].at)));
}

void
usage_write(struct jsonw *w, const char *key, const struct usage *u)
{
	size_t i;

	jsonw_object(w, key);
	for (i = 0; i < COUNT_OF(uses); i++)
		jsonw_integer(
		    w, uses[i].key, get(u, uses[i].at) / uses[i].unit);
	jsonw_end(w, '}');
}

void
usage_read(const struct json *j, struct usage *out)
{
	int64_t v;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < COUNT_OF(uses); i++) {
		v = json_get_integer(j, uses[i].key, 0);
		if (v < 0 || v > INT64_MAX / 8 / uses[i].unit)
			v = 0;
		put(out, uses[i].at, v * uses[i].unit);
	}
}
