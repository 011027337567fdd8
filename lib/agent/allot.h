/*
 * allot.h: what an agent's limits leave, and what of it children get.  A child
 * reserves its own limits from its parent's when it is forked; its end gives
 * back what it did not use.  Pure.
 *
 * Invariant: what an agent used, what its ended children used and what its
 * live children may use is together never more than its limits, but for what
 * the last step took beyond one.
 */
#ifndef AGENT_ALLOT_H
#define AGENT_ALLOT_H

#include "agent/state.h"

/* More children are not made at once. */
#define ALLOT_CHILDREN_MAX 1000

/* What counts against an agent's own limits: its usage, that of its ended
 * children, and all that its live ones may use. */
int64_t allot_spent(const struct state *, enum budget_kind);
/* The same of all kinds, as its parent is told it. */
void allot_total(const struct state *, struct usage *out);
/* What is left, not below 0; INT64_MAX: there is no limit. */
int64_t allot_left(const struct state *, enum budget_kind);
void allot_limits_left(const struct state *, struct limits *out);

/*
 * What each of `n` children of an agent with `left` gets.  What is asked for
 * (`ask`; NULL: nothing) is given to each of them or to none: status 79 when
 * it is more than there is.  Of what is limited and not asked for, each gets
 * one part of n + 1 equal ones, and the agent keeps the last; that is at least
 * one (of times: a second), or status 79.  A child counts as one itself, and
 * how many it may make is besides: of those it may be none.
 */
int allot_share(const struct limits *left, size_t n, const struct limits *ask,
    struct limits *out, struct err *);

#endif
