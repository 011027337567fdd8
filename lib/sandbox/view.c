#include "sandbox/view.h"

#include <assert.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

/* Where `path` is, or belongs. */
static size_t
place_of(const struct view *v, const char *path)
{
	size_t low = 0, high = v->count, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(v->entries[mid].path, path) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
set_entry(struct view *v, const char *path, unsigned rights, unsigned below)
{
	size_t at = place_of(v, path);

	if (at == v->count || strcmp(v->entries[at].path, path) != 0) {
		mem_room(&v->entries, v->count, &v->cap, sizeof(*v->entries));
		memmove(&v->entries[at + 1], &v->entries[at],
		    (v->count - at) * sizeof(*v->entries));
		v->count++;
		v->entries[at].path = mem_strdup(path);
	}
	v->entries[at].rights = rights;
	v->entries[at].below = below;
}

void
view_add(struct view *v, const char *path, unsigned rights)
{
	set_entry(v, path, rights, rights);
}

const struct view_entry *
view_find(const struct view *v, const char *path)
{
	size_t i = place_of(v, path);

	if (i < v->count && strcmp(v->entries[i].path, path) == 0)
		return &v->entries[i];
	while (i-- > 0)
		if (path_below(path, v->entries[i].path))
			return &v->entries[i];
	return NULL;
}

static void
drop_entry(struct view *v, size_t at)
{
	free(v->entries[at].path);
	v->count--;
	memmove(&v->entries[at], &v->entries[at + 1],
	    (v->count - at) * sizeof(*v->entries));
}

void
view_free(struct view *v)
{
	while (v->count > 0)
		free(v->entries[--v->count].path);
	free(v->entries);
	free(v->workspace);
	memset(v, 0, sizeof(*v));
}

/* A grant's rights to files are the view's bits. */
static_assert((int)RIGHT_READ == (int)VIEW_READ &&
		  (int)RIGHT_WRITE == (int)VIEW_WRITE &&
		  (int)RIGHT_EXEC == (int)VIEW_EXEC,
    "rights");

/* Who asks, and for which folder. */
struct compiler {
	const struct policy *policy;
	struct grant_query query;
	struct view *view;
};

/* The rights that the policy gives to one path. */
static unsigned
rights_of(struct compiler *c, const char *path)
{
	struct verdict d[RIGHT_BITS];
	unsigned bit, rights = 0;

	c->query.resource = path;
	c->query.right = RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC;
	policy_verdicts(c->policy, &c->query, d);
	for (bit = 0; bit < RIGHT_BITS; bit++) {
		if (d[bit].effect != GRANT_ALLOW)
			continue;
		rights |= 1U << bit;
		if (d[bit].winner->from != NULL &&
		    strcmp(d[bit].winner->from, "base") == 0)
			rights |= VIEW_OPTIONAL;
	}
	/* a mount cannot be written without being read */
	if ((rights & VIEW_READ) == 0)
		return 0;
	return rights;
}

/* The same for what is in it and not named by a grant of its own. */
static unsigned
rights_below(struct compiler *c, const char *path)
{
	/* no grant names DEL */
	char *child CLEANUP_FREE =
	    mem_printf("%s/\177", strcmp(path, "/") == 0 ? "" : path);

	return rights_of(c, child);
}

/* A mount holds for every byte until it is gone.  Uses are counted by who makes
 * the call: one a call. */
static int
check_limits(const struct compiler *c, const struct grant *g, struct err *e)
{
	const struct grant_limits *l = &g->limits;

	if (l->via != NULL &&
	    (c->query.tool == NULL || strcmp(l->via, c->query.tool) != 0))
		return 0;
	if (l->bytes < 0 && l->wheres == 0)
		return 0;
	return err_set(e, EX_CONFIG, 0,
	    "%s%s'%s': bytes and where cannot be kept on files in a "
	    "sandbox",
	    g->from == NULL ? "" : g->from, g->from == NULL ? "" : ": ",
	    g->line);
}

static int
compile_grant(struct compiler *c, const struct grant *g, struct err *e)
{
	char *body CLEANUP_FREE = mem_strdup(g->resource);
	char *path CLEANUP_FREE = NULL;

	if (g->kind != GRANT_FILE || g->effect == GRANT_MARK)
		return 0;
	if (check_limits(c, g, e) < 0)
		return -1;
	body[g->stem == 0 && body[0] == '/' ? 1 : g->stem] = '\0';
	path = path_join(c->query.workspace, body);
	set_entry(c->view, path, rights_of(c, path), rights_below(c, path));
	return 0;
}

/* Inside a private /tmp nothing of what is granted around it is in sight. */
unsigned
view_around(const struct view *v, const char *path)
{
	bool private = v->tmp && path_below(path, "/tmp");
	const struct view_entry *outer;
	size_t i;

	for (i = place_of(v, path); i-- > 0;) {
		outer = &v->entries[i];
		if (!path_below(path, outer->path))
			continue;
		if (private && path_below("/tmp", outer->path))
			return 0;
		return outer->below;
	}
	return 0;
}

/* Drop entries that change nothing. */
static void
simplify(struct view *v)
{
	const struct view_entry *entry;
	unsigned around;
	size_t i;

	for (i = 0; i < v->count;) {
		entry = &v->entries[i];
		around = view_around(v, entry->path) & VIEW_RIGHTS;
		if ((entry->rights & VIEW_RIGHTS) == around &&
		    (entry->below & VIEW_RIGHTS) == around)
			drop_entry(v, i);
		else
			i++;
	}
}

/* Mask the agents' root and all that is granted in it, but not a workspace
 * that lies there. */
static void
hide(struct view *v, const char *hidden)
{
	const char *keep = v->workspace;
	size_t i;

	if (!path_below(keep, hidden) || strcmp(keep, hidden) == 0)
		keep = NULL;
	if (keep != NULL && view_find(v, keep) != NULL)
		set_entry(v, keep, view_find(v, keep)->rights,
		    view_find(v, keep)->below);
	for (i = 0; i < v->count;) {
		if (path_below(v->entries[i].path, hidden) &&
		    (keep == NULL || !path_below(v->entries[i].path, keep)))
			drop_entry(v, i);
		else
			i++;
	}
	view_add(v, hidden, 0);
}

void
view_hide(struct view *v, const char *path)
{
	size_t i;

	if (v->workspace != NULL && path_below(v->workspace, path))
		return;
	for (i = 0; i < v->count;) {
		if (path_below(v->entries[i].path, path))
			drop_entry(v, i);
		else
			i++;
	}
	view_add(v, path, 0);
}

static bool
sees(struct compiler *c, const char *path, unsigned right)
{
	return (rights_of(c, path) & right) != 0;
}

/* Is the machine's own /tmp granted, and not just as a part of all? */
static bool
names_tmp(struct compiler *c)
{
	struct decision d;

	c->query.resource = "/tmp/\177";
	c->query.right = RIGHT_READ;
	policy_decide(c->policy, &c->query, &d);
	return d.verdict == GRANT_ALLOW &&
	       strncmp(d.winner->resource, "/tmp/", 5) == 0;
}

int
view_compile(const struct policy *p, const char *workspace, const char *hidden,
    const char *tool, unsigned labels, int64_t now, struct view *out,
    struct err *e)
{
	struct view v = {.workspace = mem_strdup(workspace)};
	struct compiler c = {.policy = p,
	    .view = &v,
	    .query = {.kind = GRANT_FILE,
		.workspace = workspace,
		.tool = tool,
		.now = now,
		.labels = labels}};
	size_t i;

	v.devices = sees(&c, "/dev/null", VIEW_READ);
	v.proc = sees(&c, "/proc/\177", VIEW_READ);
	v.tmp = !names_tmp(&c);
	for (; p != NULL; p = p->above) { /* what any layer names */
		v.tmp = v.tmp && p->base;
		for (i = 0; i < p->count; i++) {
			if (compile_grant(&c, &p->grants[i], e) < 0) {
				view_free(&v);
				return -1;
			}
		}
	}
	if (hidden != NULL)
		hide(&v, hidden);
	simplify(&v);
	*out = v;
	return 0;
}
