/*
 * within.h: attenuation.  What is given on must be no more than what one has.
 */
#ifndef GRANT_WITHIN_H
#define GRANT_WITHIN_H

#include "grant/grant.h"

/*
 * Is `child` within `parent`: does the parent match, and let through at least
 * as much, wherever the child matches?  Sure when true; when it cannot be
 * told from the two texts, false.  Both are of the same workspace.  A child
 * that denies is within nothing.  Pure.
 */
bool grant_within(const struct grant *child, const struct grant *parent);
/* And may it be given on: `delegable` with depth left. */
bool grant_delegates(const struct grant *parent, const struct grant *child);
/* Could one query match both, by kind, right and resource alone?  True when it
 * cannot be told. */
bool grant_overlaps(const struct grant *, const struct grant *);
/* A file or exec body that is relative to `workspace` (absolute) becomes
 * absolute; NULL when it need not.  The caller frees it. */
char *grant_absolute(const struct grant *, const char *workspace);

#endif
