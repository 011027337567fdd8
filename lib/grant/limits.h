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

/* Read limits to the end of the line, for a grant whose other members are
 * there.  They have been initialised, and are to be freed also after a
 * failure. */
int limits_parse(struct words *, struct grant *, struct err *);
/* Append them in their canonical order, each after a space. */
void limits_print(const struct grant_limits *, struct buf *out);

#endif
