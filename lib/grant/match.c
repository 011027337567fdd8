#include "grant/match.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "grant/resource.h"
#include "grant/where.h"

#define SCORE_EXACT UINT64_MAX

/* Where a bare name is found; the starter's PATH holds no others. */
static const char *const search[] = {"/usr/local/sbin", "/usr/local/bin",
    "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

static bool
has_parent(const char *path)
{
	const char *p = path;
	size_t n;

	for (; *p != '\0'; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return true;
	}
	return false;
}

static void
init_path(struct subject *s, const struct grant_query *q)
{
	const char *base = q->workspace;

	if (q->kind == GRANT_EXEC && strchr(q->resource, '/') == NULL) {
		s->bare = true;
		if (file_is_name(q->resource))
			s->text = mem_strdup(q->resource);
		return;
	}
	if (q->resource[0] == '\0' || has_parent(q->resource) ||
	    (q->resource[0] != '/' && base == NULL))
		return;
	s->text = path_join(base == NULL ? "/" : base, q->resource);
	if (base == NULL)
		return;
	s->workspace = strcmp(base, "/") == 0 ? 0 : strlen(base);
	if (!path_below(s->text, base))
		return;
	s->relative = s->text + s->workspace;
	if (*s->relative == '/')
		s->relative++;
}

void
subject_init(struct subject *s, const struct grant_query *q)
{
	size_t len = strlen(q->resource);

	memset(s, 0, sizeof(*s));
	s->query = q;
	s->form = resource_form(q->kind);
	switch (s->form) {
	case FORM_PATH:
	case FORM_PROGRAM:
		init_path(s, q);
		break;
	case FORM_HOST:
		s->text = resource_host(q->resource, false);
		break;
	case FORM_TREE:
		if (!resource_is_odd(q->resource, len))
			s->text = mem_strdup(q->resource);
		break;
	case FORM_NAME:
	case FORM_PARTY:
		if (len > 0)
			s->text = mem_strdup(q->resource);
		break;
	}
	s->len = s->text == NULL ? 0 : strlen(s->text);
}

void
subject_free(struct subject *s)
{
	free(s->text);
	memset(s, 0, sizeof(*s));
}

/* `above` is how long the path of the folder is that both are relative to. */
static bool
match_tree(const struct grant *g, const char *text, size_t len, size_t above,
    uint64_t *score)
{
	size_t stem = g->stem;

	/* the byte that most often differs first */
	if (len < stem || (len > stem && stem > 0 && text[stem] != '/') ||
	    (len > stem && !g->tree) ||
	    (stem > 0 && text[stem - 1] != g->last) ||
	    memcmp(g->resource, text, stem) != 0)
		return false;
	*score =
	    g->tree ? 1 + above + stem + (above > 0 && stem > 0) : SCORE_EXACT;
	return true;
}

static bool
match_path(const struct subject *s, const struct grant *g, uint64_t *score)
{
	if (g->resource[0] == '/')
		return match_tree(g, s->text, s->len, 0, score);
	return s->relative != NULL &&
	       match_tree(g, s->relative,
		   s->len - (size_t)(s->relative - s->text), s->workspace,
		   score);
}

/* Could the bare name be one of those that the body covers? */
static bool
match_bare(const struct subject *s, const struct grant *g, uint64_t *score)
{
	char path[300];
	size_t i;

	if (g->resource[0] != '/')
		return false;
	for (i = 0; i < COUNT_OF(search); i++) {
		int n =
		    snprintf(path, sizeof(path), "%s/%s", search[i], s->text);

		if (n > 0 && (size_t)n < sizeof(path) &&
		    match_tree(g, path, (size_t)n, 0, score))
			return true;
	}
	return false;
}

/* A body that is a bare name, against a path. */
static bool
match_name(const struct subject *s, const struct grant *g)
{
	const char *name = strrchr(s->text, '/');
	size_t i, len;

	if (name == NULL || strcmp(name + 1, g->resource) != 0)
		return false;
	if (g->effect != GRANT_ALLOW)
		return true;
	len = (size_t)(name - s->text);
	for (i = 0; i < COUNT_OF(search); i++)
		if (strlen(search[i]) == len &&
		    memcmp(search[i], s->text, len) == 0)
			return true;
	return false;
}

static bool
match_program(const struct subject *s, const struct grant *g, uint64_t *score)
{
	if (!g->tree && strchr(g->resource, '/') == NULL) {
		*score = 0;
		return s->bare ? strcmp(s->text, g->resource) == 0
			       : match_name(s, g);
	}
	if (s->bare)
		return match_bare(s, g, score);
	return match_path(s, g, score);
}

/* Both are in canonical form, so text decides. */
static bool
match_host(const char *body, const char *text, uint64_t *score)
{
	const char *port = strrchr(body, ':'), *asked = strrchr(text, ':');
	size_t n = (size_t)(port - body), len = (size_t)(asked - text);
	bool any = strcmp(port, ":*") == 0;

	if (!any && strcmp(port, asked) != 0)
		return false;
	if (body[0] != '*') {
		*score = SCORE_EXACT - any;
		return n == len && memcmp(body, text, n) == 0;
	}
	*score = 2 * (uint64_t)n + !any;
	n -= 1; /* ".host" */
	return len > n && memcmp(body + 1, text + len - n, n) == 0;
}

static bool
match_resource(const struct subject *s, const struct grant *g, uint64_t *score)
{
	switch (s->form) {
	case FORM_PATH:
		return match_path(s, g, score);
	case FORM_PROGRAM:
		return match_program(s, g, score);
	case FORM_HOST:
		return match_host(g->resource, s->text, score);
	case FORM_TREE:
		return match_tree(g, s->text, s->len, 0, score);
	case FORM_PARTY:
		if (strcmp(g->resource, "*") == 0) {
			*score = 0;
			return true;
		}
		break;
	case FORM_NAME:
		break;
	}
	*score = SCORE_EXACT;
	return strcmp(g->resource, s->text) == 0;
}

/* A deny holds where it is unsure when it began; an allow does not. */
static bool
in_time(const struct grant *g, int64_t now)
{
	const struct grant_limits *l = &g->limits;
	int64_t end;

	if (l->until_ns > 0 && now >= l->until_ns)
		return false;
	if (l->for_ns == 0)
		return true;
	if (g->given == 0)
		return g->effect == GRANT_DENY;
	if (__builtin_add_overflow(g->given, l->for_ns, &end))
		return true;
	return now < end;
}

bool
grant_stands(const struct grant *g, int64_t now)
{
	return g->revoked == 0 && g->limits.uses != 0 && g->limits.bytes != 0 &&
	       in_time(g, now);
}

static bool
match_limits(const struct grant *g, const struct grant_query *q)
{
	const struct grant_limits *l = &g->limits;

	if (!grant_stands(g, q->now))
		return false;
	if (l->via != NULL && (q->tool == NULL || strcmp(l->via, q->tool) != 0))
		return false;
	return where_holds(l->where, l->wheres, q->arguments);
}

bool
subject_match(const struct subject *s, const struct grant *g, uint64_t *score)
{
	uint64_t n = 0;

	if (subject_misses(s, g) || !match_resource(s, g, &n) ||
	    !match_limits(g, s->query))
		return false;
	*score = n;
	return true;
}

bool
subject_covered(const struct subject *s, const struct grant *g)
{
	uint64_t score;

	return s->text != NULL && g->kind == s->query->kind &&
	       match_resource(s, g, &score);
}

bool
grant_matches(const struct grant *g, const struct grant_query *q)
{
	struct subject s CLEANUP(subject_free);
	uint64_t score;

	subject_init(&s, q);
	return subject_match(&s, g, &score);
}
