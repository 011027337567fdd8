#include "cli/ckptshow.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/ckptpatch.h"

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
show_state(struct table *t, const struct json *s, const struct bundle *b)
{
	static const char *const texts[] = {
	    "state", "model", "goal", "text", "report"};
	const struct manifest *m = &b->manifest;
	char time[CLOCK_TEXT], text[96], hex[DIGEST_HEX + 1];
	size_t i;

	digest_hex(&b->id, hex);
	add_row(t, "bundle", hex);
	add_row(t, "agent", m->agent);
	clock_text(m->time, time);
	(void)snprintf(text, sizeof(text), "%" PRId64 " (%s)", m->seq, time);
	add_row(t, "record", text);
	for (i = 0; i < COUNT_OF(texts); i++)
		add_row(t, texts[i], json_get_string(s, texts[i]));
	show_usage(t, s);
	(void)snprintf(
	    text, sizeof(text), "%" PRId64, json_get_integer(s, "messages", 0));
	add_row(t, "messages", text);
	show_requests(t, s);
	(void)snprintf(text, sizeof(text),
	    "%s, %" PRId64 " files, %" PRId64 " bytes",
	    m->full ? "full" : "delta", m->files, m->bytes);
	add_row(t, "workspace", text);
}

static void
show_grants(struct table *t, const struct json *j)
{
	const struct json *g;

	if (json_get_bool(j, "base", false))
		add_row(t, "grant", "base");
	for (g = json_first(json_get(j, "grants")); g != NULL; g = json_next(g))
		add_row(t, "grant", json_get_string(g, "line"));
}

/* ---- what changed since the parent -------------------------------------------------------- */

/* Told of each path; of none when it cannot be known. */
struct teller {
	void (*each)(void *arg, const char *kind, struct slice path);
	void *arg;
	char *unknown; /* why it is; owned */
};

static void
tell(const struct teller *t, enum diff_kind kind, const struct entry *n)
{
	static const char *const kinds[] = {"added", "removed", "changed"};
	struct diff_change c = {.kind = kind, .before = *n, .after = *n};

	t->each(t->arg, kinds[kind], patch_path(&c));
}

/* A delta holds what changed; only its parent knows what was there before. */
static int
changes_of_delta(struct bundle *b, struct chain *parent, const struct teller *t,
    struct err *e)
{
	struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
	struct entry n, old;
	enum diff_kind kind;
	size_t layer;
	int got, was;

	if (bundle_walk_init(&w, b, (struct slice){"work/", 5}, e) < 0)
		return -1;
	while ((got = bundle_walk_next(&w, &n, e)) == 1) {
		kind = n.type == ENTRY_GONE ? DIFF_REMOVED : DIFF_CHANGED;
		if (parent != NULL && kind == DIFF_CHANGED) {
			was = chain_find(parent, n.path, &old, &layer, e);
			if (was < 0)
				return -1;
			/* Hard links bring what they follow. */
			if (was > 0 && entry_same(&n, &old))
				continue;
			kind = was == 0 ? DIFF_ADDED : kind;
		} else if (n.type == ENTRY_DIR) {
			continue;
		}
		tell(t, kind, &n);
	}
	return got;
}

static int
changes_of_full(struct chain *now, struct chain *parent, const struct teller *t,
    struct err *e)
{
	struct chain_walk a CLEANUP(chain_walk_free) = {0};
	struct chain_walk b CLEANUP(chain_walk_free) = {0};
	struct diff_change c;
	struct diff d = {0};
	int got;

	if (digest_equal(&chain_newest(now)->manifest.work,
		&chain_newest(parent)->manifest.work))
		return 0;
	if (chain_walk_init(&a, parent, e) < 0 ||
	    chain_walk_init(&b, now, e) < 0)
		return -1;
	d.a = source_chain(&a);
	d.b = source_chain(&b);
	while ((got = diff_next(&d, &c, e)) == 1)
		tell(t, c.kind, c.kind == DIFF_REMOVED ? &c.before : &c.after);
	return got;
}

static int
each_change(const struct ckpt_args *args, struct ckpt_chain *c,
    struct teller *t, struct err *e)
{
	struct bundle *b = chain_newest(&c->chain);
	struct chain parent;
	struct err why;
	int got = ckpt_before(c, false, &parent, &why), r;

	if (got == 0)
		return 0; /* the first one */
	if (got < 0 && b->manifest.full) {
		t->unknown = why.status == EX_NOINPUT
				 ? mem_strdup("parent missing")
				 : mem_strdup(why.msg);
		return 0;
	}
	if (got < 0)
		return changes_of_delta(b, NULL, t, e);
	ckptverb_trust(args, &parent);
	r = b->manifest.full ? changes_of_full(&c->chain, &parent, t, e)
			     : changes_of_delta(b, &parent, t, e);
	chain_close(&parent);
	return r;
}

static void
row_change(void *arg, const char *kind, struct slice path)
{
	struct buf name CLEANUP_BUF = {0};

	patch_name(&name, "", path);
	add_row(arg, kind, buf_str(&name));
}

static void
write_change(void *arg, const char *kind, struct slice path)
{
	struct jsonw *w = arg;

	jsonw_object(w, NULL);
	jsonw_string(w, "change", kind);
	jsonw_text(w, "path", path.data, path.len);
	jsonw_end(w, '}');
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int
show_as_json(const struct ckpt_args *args, struct ckpt_chain *c,
    const struct buf *state, const struct buf *grants, struct err *e)
{
	struct bundle *b = chain_newest(&c->chain);
	struct buf out CLEANUP_BUF = {0}, changes CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out}, list = {.out = &changes};
	struct teller t = {write_change, &list, NULL};
	char hex[DIGEST_HEX + 1];

	digest_hex(&b->id, hex);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "bundle", hex);
	jsonw_raw(&w, "manifest", buf_str(&b->text),
	    strcspn(buf_str(&b->text), "\n"));
	jsonw_raw(&w, "state", buf_str(state), strcspn(buf_str(state), "\n"));
	jsonw_raw(
	    &w, "grants", buf_str(grants), strcspn(buf_str(grants), "\n"));
	jsonw_array(&list, NULL);
	if (each_change(args, c, &t, e) < 0)
		return -1;
	jsonw_end(&list, ']');
	if (t.unknown != NULL)
		jsonw_null(&w, "changes");
	else
		jsonw_raw(&w, "changes", changes.data, changes.len);
	free(t.unknown);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
	return 0;
}

static int
show_as_table(const struct ckpt_args *args, struct ckpt_chain *c,
    const struct json *state, const struct json *grants, struct err *e)
{
	struct table rows = {.columns = 2};
	struct teller t = {row_change, &rows, NULL};
	char *text CLEANUP_FREE = NULL;

	show_state(&rows, state, chain_newest(&c->chain));
	show_grants(&rows, grants);
	if (each_change(args, c, &t, e) < 0)
		return -1;
	if (t.unknown != NULL) {
		text = mem_printf("unknown: %s", t.unknown);
		add_row(&rows, "changes", text);
	}
	free(t.unknown);
	table_print(&rows, stdout);
	return 0;
}

int
ckptshow_bundle(
    const struct ckpt_args *args, struct ckpt_chain *c, struct err *e)
{
	struct buf state CLEANUP_BUF = {0}, grants CLEANUP_BUF = {0};
	struct json *s CLEANUP_JSON = NULL, *g CLEANUP_JSON = NULL;
	struct bundle *b = chain_newest(&c->chain);

	if (bundle_member(b, "agent/state.json", BLOB_MAX, &state, e) < 0 ||
	    json_parse(buf_str(&state), state.len, &s, e) < 0 ||
	    bundle_member(b, "agent/grants.json", BLOB_MAX, &grants, e) < 0 ||
	    json_parse(buf_str(&grants), grants.len, &g, e) < 0)
		return -1;
	return args->json ? show_as_json(args, c, &state, &grants, e)
			  : show_as_table(args, c, s, g, e);
}

/* ---- list --------------------------------------------------------------------------------- */

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
