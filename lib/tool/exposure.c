#include "tool/exposure.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"

/* ---- naming ------------------------------------------------------------------------------ */

/* A labelled path, as arguments may write it. */
struct target {
	char *path;       /* absolute */
	const char *text; /* relative when it is in the workspace */
	bool tree;
};

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' ||
	       (c & 0x80) != 0;
}

enum part { WHOLE, BELOW_TOO, ABOVE };

/* Does the name end there?  A folder above is named by itself or with a
 * wildcard, not as a part of the path to something else. */
static bool
ends(const char *next, enum part part)
{
	if (next[0] != '/')
		return !is_name(next[0]);
	return part == BELOW_TOO || (part == ABOVE && !is_name(next[1]));
}

static bool
mentions(const char *text, const char *name, size_t len, enum part part)
{
	const char *at = text;

	for (; (at = strstr(at, name)) != NULL; at++)
		if ((at == text || !is_name(at[-1])) && ends(at + len, part))
			return true;
	return false;
}

/* Does the text name it, or exactly a folder above that is not as wide as the
 * workspace? */
static bool
text_names(const char *text, const struct target *t)
{
	char *part CLEANUP_FREE = mem_strdup(t->text);
	size_t len = strlen(part);

	if (mentions(text, part, len, t->tree ? BELOW_TOO : WHOLE))
		return true;
	for (;;) {
		while (len > 0 && part[len - 1] != '/')
			len--;
		if (len <= 1)
			return false;
		part[--len] = '\0';
		if (mentions(text, part, len, ABOVE))
			return true;
	}
}

static bool
path_names(
    const char *path, const struct target *t, const struct tool_context *c)
{
	char *full CLEANUP_FREE = path_join(c->workspace, path);

	if (path_below(full, t->path))
		return t->tree || strcmp(full, t->path) == 0;
	return path_below(t->path, full) && !path_below(c->workspace, full);
}

/* Does any string of the arguments? */
static bool
value_names(
    const struct json *v, const struct target *t, const struct tool_context *c)
{
	const char *text = json_string(v);
	const struct json *in;

	if (text != NULL)
		return path_names(text, t, c) || text_names(text, t);
	for (in = json_first(v); in != NULL; in = json_next(in))
		if (value_names(in, t, c))
			return true;
	return false;
}

static bool
is_named(const struct tool *tool, const struct json *arguments,
    const struct target *t, const struct tool_context *c)
{
	const char *path = json_get_string(arguments, "path");

	/* what holds the workspace cannot be hidden */
	if (t->tree && path_below(c->workspace, t->path))
		return true;
	if (tool->kind == TOOL_INSIDE)
		return path != NULL && path_names(path, t, c);
	return value_names(arguments, t, c);
}

/* ---- what is labelled ---------------------------------------------------------------------- */

struct search {
	const struct tool *tool;
	const struct json *arguments;
	const struct tool_context *c;
	struct exposure *x;
	bool hide; /* else: read what is named */
};

static void
hide(struct exposure *x, const char *path)
{
	x->hidden =
	    mem_grow(x->hidden, x->hidden_count + 1, sizeof(*x->hidden));
	x->hidden[x->hidden_count++] = mem_strdup(path);
}

static void
look(struct search *s, const char *body, size_t stem, bool tree,
    unsigned labels, bool sure)
{
	size_t top = strlen(s->c->workspace);
	struct target t = {.tree = tree};
	char *part CLEANUP_FREE = mem_dup(body, stem);
	struct stat st;

	if ((labels & ~s->x->labels) == 0)
		return;
	t.path = path_join(
	    s->c->workspace, stem == 0 && body[0] == '/' ? "/" : part);
	t.text = t.path;
	if (path_below(t.path, s->c->workspace))
		t.text += top > 1 ? top : 0;
	t.text += t.text == t.path ? 0 : strspn(t.text, "/");
	if (is_named(s->tool, s->arguments, &t, s->c))
		s->x->labels |= labels;
	else if (s->hide && (sure || lstat(t.path, &st) == 0))
		hide(s->x, t.path);
	free(t.path);
}

/* Marks stand for what may come to be there; what calls wrote may be gone. */
static void
look_all(struct search *s)
{
	const struct labelled_list *files = s->c->files;
	const struct policy *p;
	const struct grant *g;
	size_t i, n;

	for (p = s->c->policy; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++) {
			g = &p->grants[i];
			if (g->labels != 0 && g->kind == GRANT_FILE &&
			    g->revoked == 0)
				look(s, g->resource, g->stem, g->tree,
				    g->labels, true);
		}
	for (i = 0; files != NULL && i < files->count; i++) {
		const char *body = files->items[i].body;
		bool tree;

		n = strlen(body);
		tree = n >= 2 && strcmp(body + n - 2, "**") == 0 &&
		       (n == 2 || body[n - 3] == '/');
		if (tree)
			n -= n == 2 ? 2 : 3;
		look(s, body, n, tree, files->items[i].labels, false);
	}
}

/* ---- the network --------------------------------------------------------------------------- */

struct proxy_job
exposure_job(const struct exposure *x, const struct tool *tool,
    const struct tool_context *c)
{
	return (struct proxy_job){.policy = c->policy,
	    .workspace = c->workspace,
	    .tool = tool->name,
	    .now = c->now,
	    .labels = x->net,
	    .secrets = launcher_secrets(c->launcher)};
}

/* What is open to it counts as read; but what a mark makes secret closes what
 * does not release it, and then nothing came. */
static void
look_at_network(
    const struct tool *tool, const struct tool_context *c, struct exposure *x)
{
	struct proxy_job job;

	x->net =
	    x->labels | LABEL_TAINTED | policy_labels_of(c->policy, GRANT_NET);
	if ((tool->kind != TOOL_COMMAND && tool->kind != TOOL_PROGRAM) ||
	    c->launcher == NULL || launcher_proxy(c->launcher) == NULL)
		return;
	job = exposure_job(x, tool, c);
	if (proxy_wanted(&job))
		x->labels = x->net;
}

void
exposure_find(const struct tool *tool, const struct json *arguments,
    const struct tool_context *c, struct exposure *out)
{
	const struct grant_query q = {
	    .kind = GRANT_TOOL, .resource = tool->name};
	struct search s = {tool, arguments, c, out, false};

	*out = (struct exposure){
	    .labels = c->labels | policy_labels(c->policy, &q)};
	if (tool->kind == TOOL_FETCH || tool->kind == TOOL_RUNNER)
		return;
	look_all(&s);
	look_at_network(tool, c, out);
	s.hide = true;
	look_all(&s);
}

void
exposure_free(struct exposure *x)
{
	while (x->hidden_count > 0)
		free(x->hidden[--x->hidden_count]);
	free(x->hidden);
	*x = (struct exposure){0};
}
