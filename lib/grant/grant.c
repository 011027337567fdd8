#include "grant/grant.h"

#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "grant/limits.h"
#include "grant/resource.h"
#include "grant/words.h"

static const char *const effects[] = {"deny", "ask", "allow", "mark"};
static const char *const labels[] = {"tainted", "secret"};

static const struct {
	const char *name;
	unsigned bit;
} rights[] = {
    {"read", RIGHT_READ},
    {"write", RIGHT_WRITE},
    {"exec", RIGHT_EXEC},
    {"connect", RIGHT_CONNECT},
    {"call", RIGHT_CALL},
    {"send", RIGHT_SEND},
};

const char *
grant_effect_name(enum grant_effect effect)
{
	return effects[effect];
}

static unsigned
right_named(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < COUNT_OF(rights); i++)
		if (strlen(rights[i].name) == len &&
		    memcmp(rights[i].name, name, len) == 0)
			return rights[i].bit;
	return 0;
}

unsigned
grant_right(const char *name)
{
	return right_named(name, strlen(name));
}

static unsigned
label_named(const char *name, size_t len)
{
	unsigned i;

	for (i = 0; i < COUNT_OF(labels); i++)
		if (strlen(labels[i]) == len &&
		    memcmp(labels[i], name, len) == 0)
			return 1U << i;
	return 0;
}

unsigned
grant_label(const char *name)
{
	return label_named(name, strlen(name));
}

const char *
grant_label_name(unsigned n)
{
	return n < COUNT_OF(labels) ? labels[n] : NULL;
}

static void
print_labels(unsigned set, struct buf *out)
{
	const char *comma = "";
	unsigned i;

	for (i = 0; i < COUNT_OF(labels); i++) {
		if ((set >> i & 1) == 0)
			continue;
		buf_printf(out, "%s%s", comma, labels[i]);
		comma = ",";
	}
}

static void
print_rights(unsigned set, struct buf *out)
{
	const char *comma = "";
	size_t i;

	for (i = 0; i < COUNT_OF(rights); i++) {
		if ((set & rights[i].bit) == 0)
			continue;
		buf_printf(out, "%s%s", comma, rights[i].name);
		comma = ",";
	}
}

static int
parse_effect(struct words *w, enum grant_effect *out, struct err *e)
{
	size_t i;

	for (i = 0; i < COUNT_OF(effects); i++) {
		if (words_take(w, effects[i])) {
			*out = (enum grant_effect)i;
			return 0;
		}
	}
	return words_expected(w, "'allow', 'deny', 'ask' or 'mark'", e);
}

/* "a,b" as a set: rights, or a mark's labels. */
static int
parse_set(struct words *w, unsigned (*named)(const char *, size_t),
    const char *what, unsigned *out, struct err *e)
{
	const struct word *word = words_peek(w);
	const char *s = word == NULL || word->quoted ? "" : word->text;
	unsigned set = 0, bit;
	size_t n;

	for (;; s += n + 1) {
		n = strcspn(s, ",");
		bit = named(s, n);
		if (bit == 0)
			return words_expected(w, what, e);
		if ((set & bit) != 0)
			return words_expected(w,
			    named == label_named ? "each label once"
						 : "each right once",
			    e);
		set |= bit;
		if (s[n] == '\0')
			break;
	}
	w->next++;
	*out = set;
	return 0;
}

static int
parse_what(struct words *w, struct grant *g, struct err *e)
{
	if (g->effect == GRANT_MARK)
		return parse_set(
		    w, label_named, "labels (tainted, secret)", &g->labels, e);
	return parse_set(w, right_named,
	    "rights (read, write, exec, connect, call, send)", &g->rights, e);
}

/* Where data comes from. */
static bool
is_source(enum grant_kind kind)
{
	return kind == GRANT_FILE || kind == GRANT_TOOL || kind == GRANT_NET ||
	       kind == GRANT_MCP || kind == GRANT_AGENT || kind == GRANT_HUMAN;
}

static int
parse_resource(struct words *w, struct grant *g, struct err *e)
{
	struct buf known CLEANUP_BUF = {0};
	const struct word *word = words_peek(w);
	const char *body;

	if (word == NULL || grant_split(word->text, &g->kind, &body) < 0)
		return words_expected(w,
		    "KIND:BODY of a known kind (file, "
		    "exec, net, model, tool, mcp, agent, human, clock, ckpt, "
		    "image, obj, mem, world)",
		    e);
	if (g->effect == GRANT_MARK && !is_source(g->kind))
		return words_expected(w,
		    "file:, tool:, net:, mcp:, agent: or human: after 'mark'",
		    e);
	if ((g->rights & ~resource_rights(g->kind)) != 0) {
		print_rights(resource_rights(g->kind), &known);
		return err_set(e, EX_CONFIG, 0,
		    "expected the rights '%s' for %s:, got '%.80s'",
		    buf_str(&known), grant_kind_name(g->kind),
		    w->items[w->next - 1].text);
	}
	if (resource_parse(g->kind, body, &g->resource, e) < 0)
		return -1;
	w->next++;
	g->stem = strlen(g->resource);
	g->tree = resource_is_tree(g->resource, &g->stem);
	g->first = g->resource[0];
	g->last = g->stem == 0 ? '\0' : g->resource[g->stem - 1];
	return 0;
}

int
grant_parse(const char *line, struct grant *out, struct err *e)
{
	struct words w CLEANUP_WORDS = {0};
	struct buf text = {0};
	struct grant g = {0};

	limits_init(&g.limits);
	if (words_split(line, &w, e) < 0 ||
	    parse_effect(&w, &g.effect, e) < 0 || parse_what(&w, &g, e) < 0 ||
	    parse_resource(&w, &g, e) < 0 || limits_parse(&w, &g, e) < 0) {
		grant_free(&g);
		return -1;
	}
	grant_print(&g, &text);
	g.line = buf_steal(&text);
	*out = g;
	return 0;
}

void
grant_free(struct grant *g)
{
	limits_free(&g->limits);
	free(g->resource);
	free(g->line);
	free(g->id);
	free(g->from);
	while (g->parent_count > 0)
		free(g->parents[--g->parent_count]);
	free(g->parents);
	memset(g, 0, sizeof(*g));
}

void
grant_print(const struct grant *g, struct buf *out)
{
	buf_printf(out, "%s ", effects[g->effect]);
	if (g->effect == GRANT_MARK)
		print_labels(g->labels, out);
	else
		print_rights(g->rights, out);
	buf_printf(out, " %s:", grant_kind_name(g->kind));
	if (g->resource[strcspn(g->resource, " \"")] == '\0')
		buf_puts(out, g->resource);
	else
		json_quote(out, g->resource, strlen(g->resource));
	limits_print(&g->limits, out);
}
