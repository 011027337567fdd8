#include "cli/env.h"

#include <string.h>

#include "base/mem.h"

static void
add(struct env_args *a, const char *variable)
{
	mem_room(&a->list, a->count, &a->cap, sizeof(*a->list));
	a->list[a->count++] = variable;
}

void
env_args_base(struct env_args *a)
{
	static const char *const base[] = {
	    "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
	    "HOME=/tmp", "LANG=C.UTF-8", "TMPDIR=/tmp"};
	size_t i;

	for (i = 0; i < COUNT_OF(base); i++)
		add(a, base[i]);
}

/* Its place, when there is one of that name. */
static const char **
find(struct env_args *a, const char *variable)
{
	size_t i, n = strcspn(variable, "=");

	for (i = 0; i < a->count; i++)
		if (strncmp(a->list[i], variable, n + 1) == 0)
			return &a->list[i];
	return NULL;
}

void
env_args_default(struct env_args *a, const char *variable)
{
	if (find(a, variable) == NULL)
		add(a, variable);
}

void
env_arg(const struct program *p, struct env_args *a, const char *variable)
{
	const char **old = find(a, variable);
	size_t n = strcspn(variable, "=");

	if (n == 0 || variable[n] == '\0')
		die_usage(p, "--env wants NAME=VALUE, got '%s'", variable);
	if (old != NULL)
		*old = variable;
	else
		add(a, variable);
}

const char *const *
env_args_list(struct env_args *a)
{
	add(a, NULL);
	a->count--;
	return a->list;
}

void
env_args_free(struct env_args *a)
{
	free(a->list);
	memset(a, 0, sizeof(*a));
}
