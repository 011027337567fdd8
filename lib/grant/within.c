#include "grant/within.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "grant/resource.h"
#include "grant/where.h"

/* ---- resources -------------------------------------------------------------------- */

static bool
is_absolute(const struct grant *g)
{
	return g->resource[0] == '/';
}

/* A bare program name, which means others than a path. */
static bool
is_bare(const struct grant *g)
{
	return g->kind == GRANT_EXEC && !g->tree &&
	       strchr(g->resource, '/') == NULL;
}

/* Everything below the parent's stem, on a boundary. */
static bool
tree_covers(const struct grant *parent, const struct grant *child)
{
	size_t n = parent->stem;

	if (!parent->tree)
		return !child->tree &&
		       strcmp(parent->resource, child->resource) == 0;
	return child->stem >= n &&
	       memcmp(parent->resource, child->resource, n) == 0 &&
	       (n == 0 || child->stem == n || child->resource[n] == '/');
}

static bool
path_covers(const struct grant *parent, const struct grant *child)
{
	if (is_bare(parent) || is_bare(child))
		/* An allow of a name holds in fewer places than an ask. */
		return is_bare(parent) && is_bare(child) &&
		       strcmp(parent->resource, child->resource) == 0 &&
		       (parent->effect != GRANT_ALLOW ||
			   child->effect == GRANT_ALLOW);
	return is_absolute(parent) == is_absolute(child) &&
	       tree_covers(parent, child);
}

static bool
host_covers(const char *parent, const char *child)
{
	const char *pp = strrchr(parent, ':'), *cp = strrchr(child, ':');
	size_t pn = (size_t)(pp - parent), cn = (size_t)(cp - child);

	if (strcmp(pp, ":*") != 0 && strcmp(pp, cp) != 0)
		return false;
	if (parent[0] != '*')
		return pn == cn && memcmp(parent, child, pn) == 0;
	/* "*.host": ".host" is how the child ends, with something before. */
	return cn >= pn &&
	       memcmp(parent + 1, child + cn - (pn - 1), pn - 1) == 0;
}

static bool
covers(const struct grant *parent, const struct grant *child)
{
	switch (resource_form(parent->kind)) {
	case FORM_PATH:
	case FORM_PROGRAM:
		return path_covers(parent, child);
	case FORM_HOST:
		return host_covers(parent->resource, child->resource);
	case FORM_TREE:
		return tree_covers(parent, child);
	case FORM_PARTY:
		if (strcmp(parent->resource, "*") == 0)
			return true;
		break;
	case FORM_NAME:
		break;
	}
	return strcmp(parent->resource, child->resource) == 0;
}

/* ---- limits ----------------------------------------------------------------------- */

/* When it ends for certain. */
static int64_t
end_of(const struct grant *g)
{
	const struct grant_limits *l = &g->limits;
	int64_t end = l->until_ns > 0 ? l->until_ns : INT64_MAX, of;

	if (l->for_ns > 0 && g->given != 0 &&
	    !__builtin_add_overflow(g->given, l->for_ns, &of) && of < end)
		end = of;
	return end;
}

/* -1: without end. */
static bool
at_most(int64_t child, int64_t parent)
{
	return parent < 0 || (child >= 0 && child <= parent);
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
limits_within(const struct grant *child, const struct grant *parent)
{
	const struct grant_limits *c = &child->limits, *p = &parent->limits;
	size_t i;

	if (p->for_ns > 0 && parent->given == 0)
		return false;
	for (i = 0; i < p->wheres; i++)
		if (!where_implied(c->where, c->wheres, &p->where[i]))
			return false;
	return at_most(c->uses, p->uses) && at_most(c->bytes, p->bytes) &&
	       end_of(child) <= end_of(parent) &&
	       (p->via == NULL || same(c->via, p->via)) &&
	       (c->unless_tainted || !p->unless_tainted ||
		   child->effect == GRANT_ASK) &&
	       (!c->release || p->release) && same(c->with, p->with);
}

bool
grant_within(const struct grant *child, const struct grant *parent)
{
	return child->effect != GRANT_DENY && parent->effect != GRANT_MARK &&
	       parent->revoked == 0 && child->effect <= parent->effect &&
	       child->kind == parent->kind &&
	       (child->rights & ~parent->rights) == 0 &&
	       covers(parent, child) && limits_within(child, parent);
}

bool
grant_delegates(const struct grant *parent, const struct grant *child)
{
	int up = parent->limits.delegable, down = child->limits.delegable;

	return up < 0 || (up > 0 && down >= 0 && down < up);
}

/* ---- overlap ---------------------------------------------------------------------- */

static bool
paths_overlap(const struct grant *a, const struct grant *b)
{
	if (is_bare(a) || is_bare(b) || is_absolute(a) != is_absolute(b))
		return true;
	return tree_covers(a, b) || tree_covers(b, a);
}

bool
grant_overlaps(const struct grant *a, const struct grant *b)
{
	if (a->kind != b->kind || (a->rights & b->rights) == 0)
		return false;
	switch (resource_form(a->kind)) {
	case FORM_PATH:
	case FORM_PROGRAM:
		return paths_overlap(a, b);
	case FORM_HOST: /* ports and hosts may each be the wider one */
		return true;
	default:
		return covers(a, b) || covers(b, a);
	}
}

char *
grant_absolute(const struct grant *g, const char *workspace)
{
	struct buf line CLEANUP_BUF = {0};
	struct grant moved = *g;
	char *body CLEANUP_FREE = NULL;

	if ((g->kind != GRANT_FILE && g->kind != GRANT_EXEC) ||
	    is_absolute(g) || is_bare(g))
		return NULL;
	body = path_join(workspace, g->resource);
	moved.resource = body;
	grant_print(&moved, &line);
	return buf_steal(&line);
}
