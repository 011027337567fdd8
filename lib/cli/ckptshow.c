#include "cli/ckptshow.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

static const char *const kinds[] = {"added", "removed", "changed"};

/* A path as a person means it: without the "work/" before it. */
static char *
shown_path(struct slice path)
{
	size_t skip = sizeof(ENTRY_WORK);

	if (path.len < skip)
		return mem_strdup(".");
	return mem_dup(path.data + skip, path.len - skip);
}

/* ---- show -------------------------------------------------------------------------------- */

static void
add_row(struct table *t, const char *name, const char *value)
{
	if (value == NULL)
		return;
	table_add(t, name);
	table_add(t, value);
}

static void
show_usage(struct table *t, const struct json *s)
{
	const struct json *u = json_get(s, "usage");
	char text[128], cost[32], took[16];

	show_money(json_get_integer(u, "cost", 0), cost);
	show_time(json_get_integer(u, "milliseconds", 0) * CLOCK_MILLI, took);
	(void)snprintf(text, sizeof(text),
	    "%" PRId64 " turns, %" PRId64 " tool calls, %" PRId64
	    " tokens, cost %s, %s",
	    json_get_integer(u, "turns", 0),
	    json_get_integer(u, "tool_calls", 0),
	    json_get_integer(u, "input", 0) + json_get_integer(u, "output", 0),
	    cost, took);
	add_row(t, "usage", text);
}

static void
show_requests(struct table *t, const struct json *s)
{
	const struct json *r;
	const char *text;

	for (r = json_first(json_get(s, "requests")); r != NULL;
	     r = json_next(r)) {
		text = json_get_string(r, "text");
		add_row(t, "pending",
		    text != NULL ? text : json_get_string(r, "request"));
	}
	for (r = json_first(json_get(s, "open_calls")); r != NULL;
	     r = json_next(r))
		add_row(t, "open call", json_get_string(r, "tool"));
}

static void
show_state(const struct json *s, const struct bundle *b)
{
	static const char *const texts[] = {
	    "state", "model", "goal", "text", "report"};
	const struct manifest *m = &b->manifest;
	char time[CLOCK_TEXT], text[96], hex[DIGEST_HEX + 1];
	struct table t = {.columns = 2};
	size_t i;

	digest_hex(&b->id, hex);
	add_row(&t, "bundle", hex);
	add_row(&t, "agent", m->agent);
	clock_text(m->time, time);
	(void)snprintf(text, sizeof(text), "%" PRId64 " (%s)", m->seq, time);
	add_row(&t, "record", text);
	for (i = 0; i < COUNT_OF(texts); i++)
		add_row(&t, texts[i], json_get_string(s, texts[i]));
	show_usage(&t, s);
	show_requests(&t, s);
	(void)snprintf(text, sizeof(text),
	    "%s, %" PRId64 " files, %" PRId64 " bytes",
	    m->full ? "full" : "delta", m->files, m->bytes);
	add_row(&t, "workspace", text);
	table_print(&t, stdout);
}

static void
show_grants(const struct json *j)
{
	const struct json *g;

	if (json_get_bool(j, "base", false))
		printf("grant base\n");
	for (g = json_first(json_get(j, "grants")); g != NULL; g = json_next(g))
		if (json_get_string(g, "line") != NULL)
			show_line("grant ", json_get_string(g, "line"));
}

/* What changed since the parent: the paths that a delta holds. */
static int
each_change(struct bundle *b,
    void (*each)(void *arg, const char *kind, const char *path), void *arg,
    struct err *e)
{
	struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
	struct entry n;
	int got;

	if (b->manifest.full)
		return 0;
	if (bundle_walk_init(&w, b, (struct slice){"work/", 5}, e) < 0)
		return -1;
	while ((got = bundle_walk_next(&w, &n, e)) == 1) {
		char *path CLEANUP_FREE = NULL;

		if (n.type == ENTRY_DIR)
			continue;
		path = shown_path(n.path);
		each(arg, n.type == ENTRY_GONE ? "removed" : "changed", path);
	}
	return got;
}

static void
print_change(void *arg, const char *kind, const char *path)
{
	(void)arg;
	show_line(kind[0] == 'r' ? "removed " : "changed ", path);
}

static void
write_change(void *arg, const char *kind, const char *path)
{
	struct jsonw *w = arg;

	jsonw_object(w, NULL);
	jsonw_string(w, "change", kind);
	jsonw_string(w, "path", path);
	jsonw_end(w, '}');
}

static int
show_as_json(struct bundle *b, const struct buf *state,
    const struct buf *grants, struct err *e)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	char hex[DIGEST_HEX + 1];

	digest_hex(&b->id, hex);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "bundle", hex);
	jsonw_raw(&w, "manifest", buf_str(&b->text),
	    strcspn(buf_str(&b->text), "\n"));
	jsonw_raw(&w, "state", buf_str(state), strcspn(buf_str(state), "\n"));
	jsonw_raw(
	    &w, "grants", buf_str(grants), strcspn(buf_str(grants), "\n"));
	jsonw_array(&w, "changes");
	if (each_change(b, write_change, &w, e) < 0)
		return -1;
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
	return 0;
}

int
ckptshow_bundle(struct chain *c, bool json, struct err *e)
{
	struct buf state CLEANUP_BUF = {0}, grants CLEANUP_BUF = {0};
	struct json *s CLEANUP_JSON = NULL, *g CLEANUP_JSON = NULL;
	struct bundle *b = chain_newest(c);

	if (bundle_member(b, "agent/state.json", BLOB_MAX, &state, e) < 0 ||
	    json_parse(buf_str(&state), state.len, &s, e) < 0 ||
	    bundle_member(b, "agent/grants.json", BLOB_MAX, &grants, e) < 0 ||
	    json_parse(buf_str(&grants), grants.len, &g, e) < 0)
		return -1;
	if (json)
		return show_as_json(b, &state, &grants, e);
	show_state(s, b);
	show_grants(g);
	return each_change(b, print_change, NULL, e);
}

/* ---- list, diff --------------------------------------------------------------------------- */

static void
row_json(const struct bundle *b)
{
	const struct manifest *m = &b->manifest;
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	char time[CLOCK_TEXT], hex[DIGEST_HEX + 1];

	clock_text(m->time, time);
	digest_hex(&b->id, hex);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "agent", m->agent);
	jsonw_integer(&w, "seq", m->seq);
	jsonw_string(&w, "bundle", hex);
	jsonw_string(&w, "time", time);
	jsonw_bool(&w, "full", m->full);
	jsonw_integer(&w, "files", m->files);
	jsonw_integer(&w, "bytes", b->frames.file);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

void
ckptshow_row(struct table *t, const struct bundle *b, bool json)
{
	static const char *const head[CKPTSHOW_COLUMNS] = {
	    "SEQ", "TIME", "KIND", "FILES", "BYTES", "BUNDLE"};
	char text[32], time[CLOCK_TEXT], hex[DIGEST_HEX + 1];
	size_t i;

	if (json) {
		if (b != NULL)
			row_json(b);
		return;
	}
	for (i = 0; b == NULL && i < COUNT_OF(head); i++)
		table_add(t, head[i]);
	if (b == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%" PRId64, b->manifest.seq);
	table_add(t, text);
	clock_text(b->manifest.time, time);
	table_add(t, time);
	table_add(t, b->manifest.full ? "full" : "delta");
	(void)snprintf(text, sizeof(text), "%" PRId64, b->manifest.files);
	table_add(t, text);
	(void)snprintf(text, sizeof(text), "%" PRId64, b->frames.file);
	table_add(t, text);
	digest_hex(&b->id, hex);
	hex[12] = '\0';
	table_add(t, hex);
}

void
ckptshow_change(const struct diff_change *c, bool json)
{
	const struct entry *n =
	    c->kind == DIFF_REMOVED ? &c->before : &c->after;
	char *path CLEANUP_FREE = shown_path(n->path);
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	char word[16];

	if (json) {
		write_change(&w, kinds[c->kind], path);
		show_json(stdout, out.data, out.len);
		return;
	}
	(void)snprintf(word, sizeof(word), "%s ", kinds[c->kind]);
	show_line(word, path);
}
