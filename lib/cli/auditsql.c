/* The verb sql. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "audit/sqlfill.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/auditverb.h"
#include "cli/show.h"

/* ---- results -------------------------------------------------------------- */

static void
put_json(const struct sqlite_statement *t, struct buf *out)
{
	struct jsonw w = {.out = out};
	enum sqlite_kind kind;
	struct slice text;
	int i;

	jsonw_object(&w, NULL);
	for (i = 0; i < sqlite_columns(t); i++) {
		const char *name = sqlite_name(t, i);

		kind = sqlite_kind(t, i);
		text = sqlite_text(t, i);
		switch (kind) {
		case SQLITE_IS_NULL:
			jsonw_null(&w, name);
			break;
		case SQLITE_IS_INTEGER:
			jsonw_raw(&w, name, text.data, text.len);
			break;
		case SQLITE_IS_REAL:
			if (text.data[strspn(text.data, "-0123456789.e+")] ==
			    '\0')
				jsonw_raw(&w, name, text.data, text.len);
			else /* an infinity */
				jsonw_text(&w, name, text.data, text.len);
			break;
		default:
			jsonw_text(&w, name, text.data, text.len);
		}
	}
	jsonw_end(&w, '}');
}

/* RFC 4180, but for the line's end.  A text that a spreadsheet would take for
 * a formula begins with an apostrophe, as in what `export` writes. */
static void
put_csv(struct buf *out, const char *text, size_t len, bool is_text)
{
	bool formula =
	    is_text && len > 0 && memchr("=+-@\t\r", text[0], 6) != NULL;
	size_t i;

	if (!formula && strcspn(text, ",\"\r\n") >= len) {
		buf_add(out, text, len);
		return;
	}
	buf_putc(out, '"');
	if (formula)
		buf_putc(out, '\'');
	for (i = 0; i < len; i++) {
		if (text[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, text[i]);
	}
	buf_putc(out, '"');
}

static void
print_heads(const struct audit_args *a, const struct sqlite_statement *t,
    struct table *rows)
{
	struct buf line CLEANUP_BUF = {0};
	int i, n = sqlite_columns(t);

	for (i = 0; i < n; i++)
		if (a->csv) {
			if (i > 0)
				buf_putc(&line, ',');
			put_csv(&line, sqlite_name(t, i),
			    strlen(sqlite_name(t, i)), false);
		} else if (!a->json)
			table_add(rows, sqlite_name(t, i));
	if (a->csv)
		show_json(stdout, buf_str(&line), line.len);
}

/* A cell of a table is one line, and not a long one. */
static void
add_cell(struct table *rows, struct slice text)
{
	enum { MOST = 100 };
	size_t n = utf8_cut(text.data, text.len, MOST), i;
	char *cell CLEANUP_FREE =
	    mem_printf("%.*s%s", (int)n, text.data, n < text.len ? "…" : "");

	for (i = 0; cell[i] != '\0'; i++)
		if (cell[i] == '\n' || cell[i] == '\t')
			cell[i] = ' ';
	table_add(rows, cell);
}

static void
print_row(const struct audit_args *a, const struct sqlite_statement *t,
    struct table *rows)
{
	struct buf line CLEANUP_BUF = {0};
	enum sqlite_kind kind;
	struct slice text;
	int i;

	if (a->json)
		put_json(t, &line);
	for (i = 0; !a->json && i < sqlite_columns(t); i++) {
		/* its kind is not defined any more once it was made a text */
		kind = sqlite_kind(t, i);
		text = sqlite_text(t, i);
		if (!a->csv) {
			add_cell(rows, text);
			continue;
		}
		if (i > 0)
			buf_putc(&line, ',');
		put_csv(&line, text.data, text.len,
		    kind == SQLITE_IS_TEXT || kind == SQLITE_IS_BLOB);
	}
	if (a->json || a->csv)
		show_json(stdout, buf_str(&line), line.len);
}

/* 0, or 1 when no row was there. */
static int
ask(const struct audit_args *a, struct sqlite *db, const char *sql,
    struct err *e)
{
	struct table rows = {0};
	struct sqlite_statement *t;
	int64_t n = 0;
	int got;

	if (sqlite_read_only(db, e) < 0 || sqlite_prepare(db, sql, &t, e) < 0)
		return -1;
	rows.columns = (size_t)sqlite_columns(t);
	print_heads(a, t, &rows);
	while ((got = sqlite_step(t, e)) == 1) {
		print_row(a, t, &rows);
		n++;
	}
	if (got == 0 && rows.count > 0 && n > 0)
		table_print(&rows, stdout);
	sqlite_finish(t);
	return got < 0 ? -1 : n == 0 ? EX_NO : 0;
}

/* ---- the verb ------------------------------------------------------------- */

static int
fill_one(void *db, struct source *s, struct err *e)
{
	return sqlfill_add(db, s, e);
}

/* A statement has white space, and no name of an agent has. */
static bool
is_statement(const char *s)
{
	return strpbrk(s, " \t\n;") != NULL && access(s, F_OK) != 0;
}

/* Nothing is asked: SQLite's own program does that better. */
static int
hand_over(const char *path)
{
	execlp("sqlite3", "sqlite3", "-readonly", "-box", "--", path,
	    (char *)NULL);
	die(errno == ENOENT ? EX_NOT_FOUND : EX_CANNOT_EXECUTE,
	    "cannot run sqlite3: %s", strerror(errno));
}

int
auditverb_sql(const struct audit_args *a, char *args[])
{
	struct sqlite *db = NULL;
	struct audit_each each = {fill_one, NULL};
	const char *sql = NULL;
	int status = 0, n = 0, got = 0;
	struct err e;

	while (args[n] != NULL)
		n++;
	if (n > 0 && is_statement(args[n - 1])) {
		sql = args[--n];
		args[n] = NULL;
	}
	if (a->json && a->csv)
		die_usage(a->program, "sql: --csv or --json");
	if (sql == NULL && a->output == NULL)
		die_usage(a->program, "sql: want a statement, or -o FILE");
	if (sqlite_open(a->output, &db, &e) < 0 || sqlfill_open(db, &e) < 0)
		die_err(&e);
	each.arg = db;
	if (n > 0 || a->all || a->output == NULL)
		status = auditverb_each(a, args, &each);
	if (sql != NULL)
		got = ask(a, db, sql, &e);
	if (got < 0)
		die_err(&e);
	sqlite_close(db);
	if (sql == NULL && status == 0 && isatty(STDIN_FILENO) &&
	    isatty(STDOUT_FILENO))
		return hand_over(a->output);
	return status != 0 ? status : got;
}
