/*
 * cachefields.h: a state's fields, but the conversation, as members of the
 * cache's JSON; for cache.c.
 */
#ifndef AGENT_CACHEFIELDS_H
#define AGENT_CACHEFIELDS_H

#include "agent/state.h"

void fields_put(struct jsonw *, const struct state *);
/* Into a state as state_init makes it; -1 when they are not a state's. */
int fields_get(struct state *, const struct json *);
/* The same without its authority. */
int fields_glance(struct state *, const struct json *);

/* Integers are text, since times in nanoseconds pass 2^53; absent is 0. */
void field_put_integer(struct jsonw *, const char *key, int64_t);
int64_t field_get_integer(const struct json *, const char *key);
/* Absent leaves it as it is. */
void field_get_digest(const struct json *, const char *key, struct digest *);

/* cachegrants.c: the layers of grants, and the commands that were taken. */
void field_put_authority(struct jsonw *, const struct state *);
int field_get_authority(struct state *, const struct json *);

/* cachefamily.c: the children. */
void field_put_family(struct jsonw *, const struct state *);
void field_get_family(struct state *, const struct json *);

#endif
