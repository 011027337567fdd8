#include "cli/show.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/utf8.h"

bool
show_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR");

	return isatty(fileno(f)) && (no == NULL || no[0] == '\0');
}

/* ---- records ------------------------------------------------------------------------ */

/* Members to show, in this order, for each type. */
static const char *const shown[RECORD_TYPES][5] = {
    [RECORD_BORN] = {"model", "fork"},
    [RECORD_FORK] = {"children", "text"},
    [RECORD_GOAL] = {"text"},
    [RECORD_MODEL_CALL] = {"model", "attempt"},
    [RECORD_MODEL_REPLY] = {"stop", "usage", "bad", "text"},
    [RECORD_TOOL_CALL] = {"tool", "decision", "arguments"},
    [RECORD_TOOL_RESULT] = {"status", "exit", "text"},
    [RECORD_ASK] = {"request", "text"},
    [RECORD_ANSWER] = {"request", "verdict", "by", "text"},
    [RECORD_GRANT] = {"grant", "line"},
    [RECORD_COMMAND] = {"verb", "status", "why"},
    [RECORD_REVOKE] = {"grant"},
    [RECORD_MAIL] = {"from", "kind", "event", "text"},
    [RECORD_WAKE] = {"pid", "model"},
    [RECORD_BUDGET] = {"limits"},
    [RECORD_CKPT] = {"covers", "files", "bytes"},
    [RECORD_RESTORE] = {"from", "call", "saved"},
    [RECORD_JOIN] = {"child", "phase", "path_count", "conflict_count"},
    [RECORD_NOTE] = {"note", "bytes", "withheld"},
    [RECORD_SEAL] = {"key"},
    [RECORD_EXIT] = {"state", "status", "why", "text"},
};

static void
add_value(struct buf *out, const char *key, const struct json *v)
{
	const char *text = json_string(v);
	int64_t n, m;

	if (strcmp(key, "decision") == 0) {
		text = json_get_string(v, "verdict");
		if (text == NULL || strcmp(text, "allow") == 0)
			return;
	} else if (strcmp(key, "usage") == 0) {
		n = json_get_integer(v, "input", 0);
		m = json_get_integer(v, "output", 0);
		if (n + m > 0)
			buf_printf(
			    out, "%" PRId64 "+%" PRId64 " tokens ", n, m);
		return;
	}
	if (json_type(v) == JSON_ARRAY && strcmp(key, "children") == 0) {
		for (v = json_first(v); v != NULL; v = json_next(v))
			buf_printf(out, "%s ", json_get_string(v, "id"));
	} else if (json_get_string(v, "agent") != NULL) {
		buf_printf(out, "of %s ", json_get_string(v, "agent"));
	} else if (text != NULL) {
		if (text[0] != '\0')
			buf_printf(out, "%s ", text);
	} else if (json_integer(v, &n)) {
		buf_printf(out, "%s=%" PRId64 " ", key, n);
	} else {
		for (v = json_first(v); v != NULL; v = json_next(v))
			if (json_integer(v, &n))
				buf_printf(
				    out, "%s=%" PRId64 " ", json_name(v), n);
	}
}

void
show_summary(const struct record *r, size_t width, struct buf *out)
{
	struct json *body CLEANUP_JSON = NULL;
	struct buf raw CLEANUP_BUF = {0};
	const struct json *v;
	struct err e;
	size_t i, n;

	if (record_redacted(r)) {
		if (r->type != RECORD_SEAL)
			buf_puts(out, "(redacted)");
		return;
	}
	if (json_parse(r->body.data, r->body.len, &body, &e) < 0)
		return;
	for (i = 0; i < 5 && shown[r->type][i] != NULL; i++) {
		v = json_get(body, shown[r->type][i]);
		if (v != NULL)
			add_value(&raw, shown[r->type][i], v);
	}
	if (json_get(body, "blob") != NULL)
		buf_puts(&raw, "(in a blob) ");
	for (i = 0; i < raw.len; i++)
		if (raw.data[i] == '\n' || raw.data[i] == '\t')
			raw.data[i] = ' ';
	while (raw.len > 0 && raw.data[raw.len - 1] == ' ')
		buf_cut(&raw, raw.len - 1);
	n = utf8_cut(buf_str(&raw), raw.len, width);
	utf8_safe(out, buf_str(&raw), n, false);
	if (n < raw.len)
		buf_puts(out, "…");
}

void
show_record(FILE *f, const struct record *r, bool colour)
{
	struct buf text CLEANUP_BUF = {0};
	char time[CLOCK_TEXT];

	clock_text(r->time, time);
	show_summary(r, 100, &text);
	fprintf(f, "%s%5" PRId64 " %.12s%s %-11s %s\n", colour ? "\033[2m" : "",
	    r->seq, time + 11, colour ? "\033[0m" : "",
	    record_type_name(r->type), buf_str(&text));
}

void
show_line(const char *word, const char *text)
{
	struct buf safe CLEANUP_BUF = {0};

	utf8_safe(&safe, text, strlen(text), false);
	printf("%s%s\n", word, buf_str(&safe));
}

void
show_event(const char *agent, const struct record *r, struct buf *out)
{
	struct jsonw w = {.out = out};
	char time[CLOCK_TEXT];

	clock_text(r->time, time);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "event", record_type_name(r->type));
	jsonw_string(&w, "agent", agent);
	jsonw_integer(&w, "seq", r->seq);
	jsonw_string(&w, "time", time);
	jsonw_raw(&w, "body", r->body.data, r->body.len);
	jsonw_end(&w, '}');
}

void
show_json(FILE *f, const char *text, size_t len)
{
	struct buf safe CLEANUP_BUF = {0};

	if (isatty(fileno(f))) {
		utf8_safe(&safe, text, len, false);
		text = buf_str(&safe);
		len = safe.len;
	}
	(void)fwrite(text, 1, len, f);
	(void)fputs("\n", f);
}

/* ---- tables ------------------------------------------------------------------------- */

void
table_add(struct table *t, const char *text)
{
	struct buf safe = {0};

	utf8_safe(&safe, text, strlen(text), false);
	mem_room(&t->cells, t->count, &t->cap, sizeof(*t->cells));
	t->cells[t->count++] = buf_steal(&safe);
}

/* Characters, not bytes: what stands in a cell takes one column each. */
static size_t
columns(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void
table_print(struct table *t, FILE *f)
{
	size_t *width CLEANUP_FREE = mem_new(t->columns, sizeof(*width));
	bool last;
	size_t i, c, n, pad;

	for (i = 0; i < t->count; i++) {
		n = columns(t->cells[i]);
		if (n > width[i % t->columns])
			width[i % t->columns] = n;
	}
	for (i = 0; i < t->count; i++) {
		c = i % t->columns;
		last = c + 1 == t->columns;
		pad = width[c] - columns(t->cells[i]);
		if ((t->right >> c & 1) != 0)
			fprintf(f, "%*s%s", (int)pad, "", t->cells[i]);
		else
			fprintf(
			    f, "%s%*s", t->cells[i], last ? 0 : (int)pad, "");
		(void)fputs(last ? "\n" : "  ", f);
		free(t->cells[i]);
	}
	free(t->cells);
	t->cells = NULL;
	t->count = t->cap = 0;
}

/* ---- short texts ------------------------------------------------------------------------ */

void
show_count(int64_t n, char out[16])
{
	static const char units[] = "kMGT";
	double v = (double)n;
	int u = -1;

	if (n < 10000) {
		(void)snprintf(out, 16, "%d", n < 0 ? 0 : (int)n);
		return;
	}
	while (v >= 1000 && u < 3) {
		v /= 1000;
		u++;
	}
	(void)snprintf(out, 16, "%.1f%c", v, units[u]);
}

void
show_time(int64_t ns, char out[16])
{
	int64_t s = ns / CLOCK_SECOND;

	if (s < 0)
		s = 0;
	if (s < 60)
		(void)snprintf(out, 16, "%" PRId64 "s", s);
	else if (s < 3600)
		(void)snprintf(
		    out, 16, "%" PRId64 "m%02ds", s / 60, (int)(s % 60));
	else if (s < 86400)
		(void)snprintf(out, 16, "%" PRId64 "h%02dm", s / 3600,
		    (int)(s % 3600 / 60));
	else
		(void)snprintf(out, 16, "%" PRId64 "d%02dh", s / 86400 % 100000,
		    (int)(s % 86400 / 3600));
}

void
show_money(int64_t m, char out[32])
{
	(void)snprintf(
	    out, 32, "%" PRId64 ".%04d", m / 1000000, (int)(m % 1000000 / 100));
}
