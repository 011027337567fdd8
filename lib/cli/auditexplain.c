/* The verb explain. */
#include <inttypes.h>
#include <string.h>

#include "audit/explain.h"
#include "base/jsonw.h"
#include "base/utf8.h"
#include "cli/auditverb.h"
#include "cli/show.h"

enum {
	WIDTH = 100,
	NARROWEST = 24,
	DEPTH = 6,
	MOST = 64,
	MESSAGES = 5,
	RUNS = 16
};

/* What the node is, without its number. */
static void
summary(const struct explain_node *n, size_t width, struct buf *out)
{
	struct record rec;
	struct err e;

	if (n->line.len > 0 &&
	    record_parse(n->line.data, n->line.len, &rec, &e) == 0)
		show_summary(&rec, width, out);
}

static const char *
type_of(const struct explain_node *n)
{
	struct record rec;
	struct err e;

	return n->line.len > 0 &&
		       record_parse(n->line.data, n->line.len, &rec, &e) == 0
		   ? record_type_name(rec.type)
		   : NULL;
}

/* ---- for people ----------------------------------------------------------- */

static void
safe(struct buf *out, const char *text)
{
	utf8_safe(out, text, strlen(text), false);
}

/* "4 7 9-12": runs of numbers; of many the last ones. */
static void
put_runs(struct buf *out, const int64_t *seq, size_t n)
{
	size_t i = n > RUNS ? n - RUNS : 0, end;

	if (i > 0)
		buf_puts(out, "… ");
	for (; i < n; i = end) {
		for (end = i + 1; end < n && seq[end] == seq[end - 1] + 1;)
			end++;
		buf_printf(out, "%s%" PRId64,
		    out->data[out->len - 1] == ' ' ? "" : " ", seq[i]);
		if (end > i + 1)
			buf_printf(out, "-%" PRId64, seq[end - 1]);
	}
}

static void
put_node(const struct explain_node *n, size_t room, struct buf *out)
{
	const struct cause *c = &n->cause;
	const char *type = type_of(n);

	if (c->link != NULL)
		buf_printf(out, "%s: ", c->link);
	if (c->agent != NULL) {
		buf_puts(out, "agent ");
		safe(out, c->agent);
		buf_puts(out, ", ");
	}
	if (c->grant != NULL && type == NULL) {
		buf_puts(out, "grant ");
		safe(out, c->grant);
	}
	if (c->fork && type == NULL)
		buf_puts(out, "its fork");
	if (c->note != NULL)
		safe(out, c->note);
	if (c->seq > 0)
		buf_printf(out, "%" PRId64 " ", c->seq);
	if (type == NULL) {
		if (c->agent != NULL)
			buf_puts(out, " (not here)");
		return;
	}
	buf_printf(out, "%s ", type);
	if (n->above)
		buf_puts(out, "(above)");
	else
		summary(n, room, out);
	if (n->cut)
		buf_puts(out, " [goes on]");
}

static void
print_line(const char *lead, const struct buf *text)
{
	size_t n = text->len;

	while (n > 0 && text->data[n - 1] == ' ')
		n--;
	printf("%s%.*s\n", lead, (int)n, buf_str(text));
}

static void
print_tree(const struct explain_node *n, const char *lead, struct buf *indent)
{
	struct buf text CLEANUP_BUF = {0};
	size_t used = indent->len, i, keep = indent->len;

	put_node(n, used + NARROWEST > WIDTH ? NARROWEST : WIDTH - used, &text);
	printf("%s", lead);
	print_line("", &text);
	if (n->said_count > 0) {
		buf_clear(&text);
		buf_printf(&text, "holds %zu: ", n->said_count);
		put_runs(&text, n->said, n->said_count);
		printf("%s%s", buf_str(indent), n->count > 0 ? "│  " : "   ");
		print_line("", &text);
	}
	if (n->unsaid != NULL) {
		buf_clear(&text);
		buf_puts(&text, "what it holds cannot be told: ");
		safe(&text, n->unsaid);
		printf("%s   ", buf_str(indent));
		print_line("", &text);
	}
	for (i = 0; i < n->count; i++) {
		bool last = i + 1 == n->count;
		struct buf head CLEANUP_BUF = {0};

		buf_printf(
		    &head, "%s%s", buf_str(indent), last ? "└─ " : "├─ ");
		buf_puts(indent, last ? "   " : "│  ");
		print_tree(&n->kids[i], buf_str(&head), indent);
		buf_cut(indent, keep);
	}
}

/* ---- JSON ----------------------------------------------------------------- */

static void
put_json(struct jsonw *w, const struct explain_node *n)
{
	const struct cause *c = &n->cause;
	struct buf text CLEANUP_BUF = {0};
	const char *type = type_of(n);
	size_t i;

	jsonw_object(w, NULL);
	jsonw_maybe(w, "link", c->link);
	jsonw_maybe(w, "agent", c->agent);
	if (c->seq > 0)
		jsonw_integer(w, "seq", c->seq);
	jsonw_maybe(w, "grant", c->grant);
	jsonw_maybe(w, "note", c->note);
	jsonw_maybe(w, "type", type);
	if (type == NULL && c->agent != NULL)
		jsonw_bool(w, "absent", true);
	summary(n, 400, &text);
	if (text.len > 0)
		jsonw_text(w, "text", text.data, text.len);
	if (n->above)
		jsonw_bool(w, "above", true);
	if (n->cut)
		jsonw_bool(w, "cut", true);
	jsonw_maybe(w, "unknown", n->unsaid);
	if (n->said_count > 0) {
		jsonw_array(w, "holds");
		for (i = 0; i < n->said_count; i++)
			jsonw_integer(w, NULL, n->said[i]);
		jsonw_end(w, ']');
	}
	if (n->count > 0) {
		jsonw_array(w, "causes");
		for (i = 0; i < n->count; i++)
			put_json(w, &n->kids[i]);
		jsonw_end(w, ']');
	}
	jsonw_end(w, '}');
}

int
auditverb_explain(const struct audit_args *a, char *args[])
{
	struct explain_options opt = {
	    .depth = a->depth > 0 ? a->depth : DEPTH, .messages = MESSAGES};
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	struct explain_node tree;
	struct source s;
	struct err e;
	int64_t seq = auditverb_seq(a, "explain", args[0]);

	if (opt.depth > MOST)
		opt.depth = MOST;
	auditverb_open(a, args[1], &s);
	if (explain(&s, seq, &opt, &tree, &e) < 0)
		die_err(&e);
	if (a->json) {
		put_json(&w, &tree);
		show_json(stdout, out.data, out.len);
	} else {
		print_tree(&tree, "", &out);
	}
	explain_free(&tree);
	source_close(&s);
	return 0;
}
