/*
 * Three lines: a grant, one that may be its parent, and a right and resource.
 * Whatever is within another matches nothing that the other does not, and is
 * let through no further; and what is within it overlaps it.
 */
#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "grant/within.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct grant *child, const struct grant *parent,
    struct grant_query *q)
{
	int64_t at[] = {1, 1000, 2 * CLOCK_SECOND, INT64_MAX};
	size_t i;

	if (!grant_within(child, parent))
		return;
	assert(grant_overlaps(child, parent));
	for (i = 0; i < COUNT_OF(at); i++) {
		q->now = at[i];
		if (grant_matches(child, q))
			assert(grant_matches(parent, q));
	}
}

static void
ask(const struct grant *child, const struct grant *parent, char *line)
{
	static const char args[] = "{\"to\":\"me\",\"n\":5,\"yes\":true}";
	struct json *arguments CLEANUP_JSON = NULL;
	struct grant_query q = {.workspace = "/srv/dir"};
	char *resource = strchr(line, ' ');
	const char *body;
	struct err e;

	if (resource == NULL)
		return;
	*resource++ = '\0';
	q.right = grant_right(line);
	if (q.right == 0 || grant_split(resource, &q.kind, &body) < 0)
		return;
	q.resource = body;
	check(child, parent, &q);
	assert(json_parse(args, sizeof(args) - 1, &arguments, &e) == 0);
	q.arguments = arguments;
	q.tool = "t";
	check(child, parent, &q);
	q.workspace = "/";
	check(child, parent, &q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text CLEANUP_FREE = mem_dup(data, size), *next = text;
	char *one = strsep(&next, "\n"), *two = strsep(&next, "\n");
	struct grant child, parent;
	struct err e;

	if (one == NULL || two == NULL || next == NULL ||
	    grant_parse(one, &child, &e) < 0)
		return 0;
	if (grant_parse(two, &parent, &e) == 0) {
		child.given = parent.given = 1;
		next[strcspn(next, "\n")] = '\0';
		ask(&child, &parent, next);
		grant_free(&parent);
	}
	grant_free(&child);
	return 0;
}
