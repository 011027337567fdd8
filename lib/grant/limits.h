/*
 * limits.h: the limits at the end of a grant's line, one table of keys.
 */
#ifndef GRANT_LIMITS_H
#define GRANT_LIMITS_H

#include "grant/grant.h"
#include "grant/words.h"

/* No limits at all. */
void limits_init(struct grant_limits *);
void limits_free(struct grant_limits *);

/* Read limits to the end of the line, for a grant of this effect and kind.
 * `out` has been initialised, and is to be freed also after a failure. */
int limits_parse(struct words *, enum grant_effect, enum grant_kind,
    struct grant_limits *out, struct err *);
/* Append them in their canonical order, each after a space. */
void limits_print(const struct grant_limits *, struct buf *out);

#endif
