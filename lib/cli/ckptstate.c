#include "cli/ckptstate.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/ckptshow.h"

/* Both states, and what was found; as JSON only grants and messages need
 * words of their own. */
struct states {
	const struct json *a, *b;
	struct table rows;
	struct buf grants, messages;
};

static void
row(struct states *s, const char *name, const char *text)
{
	table_add(&s->rows, name);
	table_add(&s->rows, text);
}

static void
change(struct states *s, const char *name, const char *a, const char *b)
{
	char *text CLEANUP_FREE = mem_printf("%s -> %s", a, b);

	row(s, name, text);
}

static void
signed_row(struct states *s, const char *name, char sign, const char *text)
{
	char *line CLEANUP_FREE = mem_printf("%c %s", sign, text);

	row(s, name, line);
}

/* ---- single values ---------------------------------------------------------------------- */

static void
words(struct states *s)
{
	static const char *const brief[] = {"state", "model"};
	static const char *const lengthy[] = {"goal", "text", "report"};
	static const char *const labels[] = {"tainted", "secret"};
	const char *a, *b;
	size_t i;

	for (i = 0; i < COUNT_OF(brief); i++) {
		a = json_get_string(s->a, brief[i]);
		b = json_get_string(s->b, brief[i]);
		a = a == NULL ? "none" : a;
		b = b == NULL ? "none" : b;
		if (strcmp(a, b) != 0)
			change(s, brief[i], a, b);
	}
	for (i = 0; i < COUNT_OF(lengthy); i++) {
		a = json_get_string(s->a, lengthy[i]);
		b = json_get_string(s->b, lengthy[i]);
		if (a != NULL && b != NULL && strcmp(a, b) == 0)
			continue;
		if (a != NULL)
			signed_row(s, lengthy[i], '-', a);
		if (b != NULL)
			signed_row(s, lengthy[i], '+', b);
	}
	for (i = 0; i < COUNT_OF(labels); i++)
		if (json_get_bool(s->a, labels[i], false) !=
		    json_get_bool(s->b, labels[i], false))
			row(s, labels[i],
			    json_get_bool(s->b, labels[i], false)
				? "no -> yes"
				: "yes -> no");
}

static void
usage_text(const char *key, int64_t n, char out[32])
{
	if (strcmp(key, "cost") == 0)
		show_money(n, out);
	else if (strcmp(key, "milliseconds") == 0)
		(void)snprintf(
		    out, 32, "%" PRId64 ".%03ds", n / 1000, (int)(n % 1000));
	else
		(void)snprintf(out, 32, "%" PRId64, n);
}

static void
usage(struct states *s)
{
	static const char *const names[][2] = {{"turns", "turns"},
	    {"tool_calls", "tool calls"}, {"input", "input tokens"},
	    {"output", "output tokens"}, {"cached", "cached tokens"},
	    {"cost", "cost"}, {"milliseconds", "time"}};
	const struct json *a = json_get(s->a, "usage");
	const struct json *b = json_get(s->b, "usage");
	char was[32], is[32];
	int64_t m, n;
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		m = json_get_integer(a, names[i][0], 0);
		n = json_get_integer(b, names[i][0], 0);
		if (m == n)
			continue;
		usage_text(names[i][0], m, was);
		usage_text(names[i][0], n, is);
		change(s, names[i][1], was, is);
	}
}

static void
limits(struct states *s, const struct buf *a, const struct buf *b)
{
	struct slice was = {"none", 4}, is = {"none", 4};
	char *text CLEANUP_FREE = NULL;

	(void)json_raw((struct slice){a->data, a->len}, "limits", &was);
	(void)json_raw((struct slice){b->data, b->len}, "limits", &is);
	if (was.len == is.len && memcmp(was.data, is.data, is.len) == 0)
		return;
	text = mem_printf(
	    "%.*s -> %.*s", (int)was.len, was.data, (int)is.len, is.data);
	row(s, "limits", text);
}

/* ---- lists ------------------------------------------------------------------------------- */

struct item {
	const char *key;
	const struct json *value;
};

static int
compare_items(const void *x, const void *y)
{
	const struct item *a = x, *b = y;

	return strcmp(a->key, b->key);
}

static struct item *
sorted(const struct json *list, const char *key, size_t *count)
{
	struct item *all = mem_new(json_count(list) + 1, sizeof(*all));
	const struct json *v;
	const char *text;
	size_t n = 0;

	/* What has no key is told all the same: nothing hides here. */
	for (v = json_first(list); v != NULL; v = json_next(v)) {
		text = json_get_string(v, key);
		all[n++] = (struct item){text == NULL ? "" : text, v};
	}
	if (n > 0)
		qsort(all, n, sizeof(*all), compare_items);
	*count = n;
	return all;
}

/* Call `each` for what only one list has, and with both for what both have. */
static void
lists(struct states *s, const struct json *a, const struct json *b,
    const char *key,
    void (*each)(
	struct states *, const struct json *was, const struct json *is))
{
	size_t n, m, i = 0, j = 0;
	struct item *x CLEANUP_FREE = sorted(a, key, &n);
	struct item *y CLEANUP_FREE = sorted(b, key, &m);
	int r;

	while (i < n || j < m) {
		r = i == n ? 1 : j == m ? -1 : compare_items(&x[i], &y[j]);
		each(s, r <= 0 ? x[i].value : NULL, r >= 0 ? y[j].value : NULL);
		i += r <= 0;
		j += r >= 0;
	}
}

static const char *
either(const struct json *j, const char *key, const char *other)
{
	const char *s = json_get_string(j, key);

	if (s == NULL)
		s = json_get_string(j, other);
	return s == NULL ? "?" : s;
}

static void
request(struct states *s, const struct json *was, const struct json *is)
{
	if (was == NULL)
		signed_row(s, "pending", '+', either(is, "text", "request"));
	if (is == NULL)
		signed_row(s, "pending", '-', either(was, "text", "request"));
}

static void
open_call(struct states *s, const struct json *was, const struct json *is)
{
	if (was == NULL)
		signed_row(s, "open call", '+', either(is, "tool", "call"));
	if (is == NULL)
		signed_row(s, "open call", '-', either(was, "tool", "call"));
}

static void
grant_changed(struct states *s, char sign, const char *line)
{
	struct jsonw w = {.out = &s->grants, .comma = s->grants.len > 0};

	signed_row(s, "grant", sign, line);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "change", sign == '+' ? "added" : "removed");
	jsonw_string(&w, "line", line);
	jsonw_end(&w, '}');
}

static void
grant(struct states *s, const struct json *was, const struct json *is)
{
	int64_t m = json_get_integer(was, "uses", -1);
	int64_t n = json_get_integer(is, "uses", -1);

	if (is == NULL) {
		grant_changed(s, '-', either(was, "line", "grant"));
	} else if (was == NULL) {
		grant_changed(s, '+', either(is, "line", "grant"));
	} else if (m != n) {
		char *text CLEANUP_FREE =
		    mem_printf("%" PRId64 " -> %" PRId64 " uses left: %s", m, n,
			either(is, "line", "grant"));

		row(s, "grant", text);
	}
}

/* ---- the conversation ------------------------------------------------------------------- */

static int
messages(struct states *s, const struct ckpt_args *args, struct ckpt_side *a,
    struct ckpt_side *b, struct err *e)
{
	struct ckpt_side *side[] = {a, b};
	struct buf convo[2] = {{0}, {0}}, text CLEANUP_BUF = {0};
	const char *was = json_get_string(s->a, "conversation");
	const char *is = json_get_string(s->b, "conversation");
	int i, r = 0;

	if (was != NULL && is != NULL && strcmp(was, is) == 0)
		return 0;
	buf_printf(&text, "%" PRId64 " -> %" PRId64,
	    json_get_integer(s->a, "messages", 0),
	    json_get_integer(s->b, "messages", 0));
	for (i = 0; r == 0 && i < 2; i++) {
		r = ckpt_side_messages(side[i], &convo[i], e);
		if (r == 0 && !side[i]->live)
			ckptverb_trust(args, &side[i]->bundle.chain);
	}
	if (r == 0)
		ckptmessages_compare(&convo[0], &convo[1], &s->messages, &text);
	else if (e->status == EX_NOINPUT)
		buf_puts(&text, ", unknown which: a bundle before is missing");
	buf_free(&convo[0]);
	buf_free(&convo[1]);
	if (r < 0 && e->status != EX_NOINPUT)
		return -1;
	row(s, "messages", buf_str(&text));
	return 0;
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void
as_json(const struct states *s, const struct ckpt_side *a,
    const struct ckpt_side *b)
{
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "change", "state");
	jsonw_raw(&w, "before", buf_str(&a->state),
	    strcspn(buf_str(&a->state), "\n"));
	jsonw_raw(
	    &w, "after", buf_str(&b->state), strcspn(buf_str(&b->state), "\n"));
	jsonw_array(&w, "grants");
	buf_add(&out, s->grants.data, s->grants.len);
	jsonw_end(&w, ']');
	if (s->messages.len > 0)
		jsonw_raw(&w, "messages", s->messages.data, s->messages.len);
	jsonw_end(&w, '}');
	show_json(stdout, out.data, out.len);
}

static void
states_free(struct states *s)
{
	while (s->rows.count > 0)
		free(s->rows.cells[--s->rows.count]);
	free(s->rows.cells);
	buf_free(&s->grants);
	buf_free(&s->messages);
}

static int
parse(const struct buf *text, struct json **out, struct err *e)
{
	return json_parse(buf_str(text), text->len, out, e);
}

int
ckptstate_compare(const struct ckpt_args *args, struct ckpt_side *a,
    struct ckpt_side *b, bool *found, struct err *e)
{
	struct json *x CLEANUP_JSON = NULL, *y CLEANUP_JSON = NULL;
	struct json *g CLEANUP_JSON = NULL, *h CLEANUP_JSON = NULL;
	struct states s CLEANUP(states_free) = {.rows.columns = 2};

	if (parse(&a->state, &x, e) < 0 || parse(&b->state, &y, e) < 0 ||
	    parse(&a->grants, &g, e) < 0 || parse(&b->grants, &h, e) < 0)
		return -1;
	s.a = x;
	s.b = y;
	if (strcmp(a->agent, b->agent) != 0)
		change(&s, "agent", a->agent, b->agent);
	words(&s);
	usage(&s);
	limits(&s, &a->state, &b->state);
	lists(&s, json_get(x, "requests"), json_get(y, "requests"), "request",
	    request);
	lists(&s, json_get(x, "open_calls"), json_get(y, "open_calls"), "call",
	    open_call);
	if (json_get_bool(g, "base", false) != json_get_bool(h, "base", false))
		grant_changed(
		    &s, json_get_bool(h, "base", false) ? '+' : '-', "base");
	lists(&s, json_get(g, "grants"), json_get(h, "grants"), "line", grant);
	if (messages(&s, args, a, b, e) < 0)
		return -1;
	*found = s.rows.count > 0;
	if (args->json && *found)
		as_json(&s, a, b);
	else if (!args->json)
		table_print(&s.rows, stdout);
	return 0;
}
