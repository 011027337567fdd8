/*
 * where.h: conditions on a call's arguments.
 */
#ifndef GRANT_WHERE_H
#define GRANT_WHERE_H

#include "grant/grant.h"

/* Do all of them hold?  An argument that is missing or of another type than
 * the value makes a condition fail. */
bool where_holds(const struct grant_where *, size_t n,
    const struct json *arguments);

/* Does it follow from these conditions, all of which hold, that `want` does?
 * False when it cannot be told. */
bool where_implied(const struct grant_where *, size_t n,
    const struct grant_where *want);

#endif
