#include "cli/auditsources.h"

#include <string.h>

#include "audit/family.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"

static int
by_id(const void *a, const void *b)
{
	const struct source *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static void
open_family(
    const struct audit_args *a, const char *name, struct audit_sources *out)
{
	struct family f;
	char id[ULID_TEXT];
	struct err e;
	size_t i;

	if (a->open == NULL)
		die_err(&a->why);
	if (root_find(a->open, name, id, &e) < 0 ||
	    family_open(a->open, id, &f, &e) < 0)
		die_err(&e);
	out->count = f.count;
	out->items = mem_new(f.count, sizeof(*out->items));
	for (i = 0; i < f.count; i++)
		if (source_open_agent(
			a->open, f.items[i].id, &out->items[i], &e) < 0)
			die_err(&e);
	family_free(&f);
}

void
auditsources_open(
    const struct audit_args *a, char *names[], struct audit_sources *out)
{
	size_t i;

	*out = (struct audit_sources){0};
	file_open_many();
	if (a->family) {
		if (names[1] != NULL)
			die_usage(a->program, "--family: of one agent");
		open_family(a, names[0], out);
		return;
	}
	while (names[out->count] != NULL)
		out->count++;
	out->items = mem_new(out->count, sizeof(*out->items));
	for (i = 0; i < out->count; i++)
		auditverb_open(a, names[i], &out->items[i]);
	qsort(out->items, out->count, sizeof(*out->items), by_id);
}

void
auditsources_close(struct audit_sources *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		source_close(&s->items[i]);
	free(s->items);
}

void
auditsources_write(const struct audit_args *a,
    int (*fill)(void *arg, int fd, struct err *), void *arg)
{
	output_write(a->output, fill, arg);
}
