#include "audit/map.h"

#include <string.h>

#include "base/mem.h"
#include "base/rand.h"

void
map_free(struct map *m)
{
	size_t i;

	for (i = 0; i < m->cap; i++)
		free(m->entries[i].name);
	free(m->entries);
	*m = (struct map){0};
}

/* FNV-1a from a random start, mixed once more (the finisher of splitmix64). */
static uint64_t
hash(const struct map *m, struct slice name)
{
	uint64_t h = m->seed;
	size_t i;

	for (i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.data[i]) * UINT64_C(0x100000001b3);
	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

/* The entry of this name, or the free one where it would be. */
static struct map_entry *
find(const struct map *m, struct slice name)
{
	size_t i = hash(m, name) & (m->cap - 1);
	struct map_entry *e;

	for (;; i = (i + 1) & (m->cap - 1)) {
		e = &m->entries[i];
		if (e->name == NULL ||
		    (e->len == name.len &&
			memcmp(e->name, name.data, name.len) == 0))
			return e;
	}
}

static void
grow(struct map *m)
{
	struct map next = {.cap = m->cap == 0 ? 64 : m->cap * 2,
	    .count = m->count,
	    .seed = m->seed};
	size_t i;

	if (m->cap == 0)
		rand_bytes(&next.seed, sizeof(next.seed));
	next.entries = mem_new(next.cap, sizeof(*next.entries));
	for (i = 0; i < m->cap; i++)
		if (m->entries[i].name != NULL)
			*find(&next, (struct slice){m->entries[i].name,
					 m->entries[i].len}) = m->entries[i];
	free(m->entries);
	*m = next;
}

static struct map_entry *
make(struct map *m, struct slice name)
{
	struct map_entry *e;

	if (m->count >= m->cap / 2)
		grow(m);
	e = find(m, name);
	if (e->name == NULL) {
		e->name = mem_dup(name.data, name.len);
		e->len = name.len;
		m->count++;
	}
	return e;
}

void **
map_put(struct map *m, struct slice name)
{
	return &make(m, name)->value;
}

void
map_put_number(struct map *m, struct slice name, int64_t n)
{
	make(m, name)->number = n;
}

int64_t
map_get_number(const struct map *m, struct slice name, int64_t none)
{
	const struct map_entry *e = m->cap == 0 ? NULL : find(m, name);

	return e == NULL || e->name == NULL ? none : e->number;
}

void *
map_get(const struct map *m, struct slice name)
{
	return m->cap == 0 ? NULL : find(m, name)->value;
}

struct map_entry *
map_next(const struct map *m, size_t *at)
{
	while (*at < m->cap)
		if (m->entries[(*at)++].name != NULL)
			return &m->entries[*at - 1];
	return NULL;
}
