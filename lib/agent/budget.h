/*
 * budget.h: what an agent may use and what it has used, by kind, and how
 * records hold both.
 *
 * Invariant: what is used only grows, whatever is taken back or tried again.
 */
#ifndef AGENT_BUDGET_H
#define AGENT_BUDGET_H

#include "base/json.h"
#include "base/jsonw.h"

enum budget_kind {
	BUDGET_TURNS,
	BUDGET_TOOL_CALLS,
	BUDGET_TOKENS,
	BUDGET_COST,		/* millionths */
	BUDGET_TIME,		/* awake, nanoseconds */
	BUDGET_CPU,		/* of the calls' processes, nanoseconds */
	BUDGET_BYTES,		/* that they wrote, account.h */
	BUDGET_CHILDREN,	/* of it and of all below it */
	BUDGET_KINDS
};

/* In a member of struct limits: a limit of nothing, since 0 is no limit. */
#define LIMIT_NOTHING (-1)

/* What may end a run; 0: no limit. */
struct limits {
	int64_t turns, tool_calls, tokens;
	int64_t cost;
	int64_t time_ns;
	int64_t cpu_ns, bytes;
	int64_t children;
};

struct usage {
	int64_t turns, tool_calls;
	int64_t input, output, cached;	/* tokens */
	int64_t cost;
	int64_t time_ns;
	int64_t cpu_ns, bytes;
	int64_t children;
};

/* Is none set? */
bool limits_none(const struct limits *);
/* The limit of a kind: INT64_MAX when there is none, 0 for a limit of
 * nothing. */
int64_t limits_of(const struct limits *, enum budget_kind);
/* Set it: 0 is a limit of nothing, INT64_MAX is none. */
void limits_set(struct limits *, enum budget_kind, int64_t);
/* What is set in `more` and not in `l`. */
void limits_fill(struct limits *l, const struct limits *more);
/* Append a member with the limits that are set, as records hold them: times in
 * whole seconds, rounded up. */
void limits_write(struct jsonw *, const char *key, const struct limits *);
/* Those that `j` holds; others stay as they are. */
void limits_read(const struct json *j, struct limits *);

/* The sum of two that are not negative; far below INT64_MAX whatever they
 * are. */
int64_t budget_sum(int64_t, int64_t);
/* How much of a kind is used; tokens are those of both directions. */
int64_t usage_of(const struct usage *, enum budget_kind);
void usage_add(struct usage *, const struct usage *);
/* Append a member with all of it, as records hold it; read one, where what is
 * absent or negative is 0. */
void usage_write(struct jsonw *, const char *key, const struct usage *);
void usage_read(const struct json *, struct usage *out);

/* The key of a kind among limits, and its name for people. */
const char *budget_key(enum budget_kind);
const char *budget_name(enum budget_kind);

#endif
