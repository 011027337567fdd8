/*
 * map.h: what belongs to a name: a pointer of the caller's or a number.  Grows;
 * nothing is taken out.  Names may come from outside: they are spread by a
 * random number, so that nobody can choose ones that fall together.
 */
#ifndef AUDIT_MAP_H
#define AUDIT_MAP_H

#include "base/buf.h"

struct map_entry {
	char *name; /* NULL: free */
	size_t len;
	void *value;
	int64_t number;
};

struct map {
	struct map_entry *entries;
	size_t count, cap; /* cap is a power of two */
	uint64_t seed;
};

/* `{0}` is an empty map.  The values are the caller's: free them first. */
void map_free(struct map *);
/* The value's place, made (NULL in it) when there is none; valid until the
 * next one is made. */
void **map_put(struct map *, struct slice name);
/* The value, or NULL. */
void *map_get(const struct map *, struct slice name);
/* The same of a number; `none` when there is no such name. */
void map_put_number(struct map *, struct slice name, int64_t);
int64_t map_get_number(const struct map *, struct slice name, int64_t none);
/* Step through what there is, in no order: start with `*at` 0; NULL at the
 * end. */
struct map_entry *map_next(const struct map *, size_t *at);

#endif
