#include "audit/sqlite.h"

#include <dlfcn.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>

#include "base/mem.h"

/* The functions that are used, found by name. */
struct api {
	int (*open)(const char *, sqlite3 **, int, const char *);
	int (*close)(sqlite3 *);
	int (*config)(sqlite3 *, int, ...);
	int (*limit)(sqlite3 *, int, int);
	int (*exec)(sqlite3 *, const char *,
	    int (*)(void *, int, char **, char **), void *, char **);
	const char *(*errmsg)(sqlite3 *);
	int (*errcode)(sqlite3 *);
	int (*prepare)(
	    sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
	int (*readonly)(sqlite3_stmt *);
	int (*finalize)(sqlite3_stmt *);
	int (*reset)(sqlite3_stmt *);
	int (*step)(sqlite3_stmt *);
	int (*bind_null)(sqlite3_stmt *, int);
	int (*bind_int64)(sqlite3_stmt *, int, sqlite3_int64);
	int (*bind_double)(sqlite3_stmt *, int, double);
	int (*bind_text)(
	    sqlite3_stmt *, int, const char *, int, void (*)(void *));
	int (*column_count)(sqlite3_stmt *);
	const char *(*column_name)(sqlite3_stmt *, int);
	int (*column_type)(sqlite3_stmt *, int);
	int (*column_bytes)(sqlite3_stmt *, int);
	sqlite3_int64 (*column_int64)(sqlite3_stmt *, int);
	double (*column_double)(sqlite3_stmt *, int);
	const unsigned char *(*column_text)(sqlite3_stmt *, int);
};

struct sqlite {
	struct api api;
	sqlite3 *db;
	bool read_only;
};

struct sqlite_statement {
	const struct sqlite *s; /* borrowed */
	sqlite3_stmt *stmt;
};

static int
load(struct api *a, struct err *e)
{
	const struct {
		const char *name;
		void *where;
	} all[] = {
	    {"sqlite3_open_v2", &a->open},
	    {"sqlite3_close", &a->close},
	    {"sqlite3_db_config", &a->config},
	    {"sqlite3_limit", &a->limit},
	    {"sqlite3_exec", &a->exec},
	    {"sqlite3_errmsg", &a->errmsg},
	    {"sqlite3_errcode", &a->errcode},
	    {"sqlite3_prepare_v2", &a->prepare},
	    {"sqlite3_stmt_readonly", &a->readonly},
	    {"sqlite3_finalize", &a->finalize},
	    {"sqlite3_reset", &a->reset},
	    {"sqlite3_step", &a->step},
	    {"sqlite3_bind_null", &a->bind_null},
	    {"sqlite3_bind_int64", &a->bind_int64},
	    {"sqlite3_bind_double", &a->bind_double},
	    {"sqlite3_bind_text", &a->bind_text},
	    {"sqlite3_column_count", &a->column_count},
	    {"sqlite3_column_name", &a->column_name},
	    {"sqlite3_column_type", &a->column_type},
	    {"sqlite3_column_bytes", &a->column_bytes},
	    {"sqlite3_column_int64", &a->column_int64},
	    {"sqlite3_column_double", &a->column_double},
	    {"sqlite3_column_text", &a->column_text},
	};
	void *library = dlopen("libsqlite3.so.0", RTLD_NOW | RTLD_LOCAL), *sym;
	size_t i;

	if (library == NULL)
		return err_set(e, EX_UNAVAILABLE, 0,
		    "cannot load SQLite (install libsqlite3-0): %.200s",
		    dlerror());
	for (i = 0; i < COUNT_OF(all); i++) {
		sym = dlsym(library, all[i].name);
		if (sym == NULL)
			return err_set(e, EX_UNAVAILABLE, 0,
			    "SQLite is too old: it has no '%s'", all[i].name);
		/* POSIX dlsym: an object pointer that is a function's. */
		memcpy(all[i].where, &sym, sizeof(sym));
	}
	return 0;
}

/* What went wrong, in SQLite's words. */
static int
failed(const struct sqlite *s, struct err *e)
{
	int code = s->api.errcode(s->db) & 0xff, status = EX_IOERR;

	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT)
		status = EX_DATAERR;
	else if (code == SQLITE_CANTOPEN || code == SQLITE_READONLY)
		status = EX_CANTCREAT;
	else if (code == SQLITE_ERROR || code == SQLITE_TOOBIG ||
		 code == SQLITE_MISMATCH || code == SQLITE_RANGE)
		status = EX_USAGE;
	else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		status = EX_TEMPFAIL;
	return err_set(e, status, 0, "SQLite: %.300s", s->api.errmsg(s->db));
}

int
sqlite_open(const char *path, struct sqlite **out, struct err *e)
{
	struct sqlite *s = mem_new(1, sizeof(*s));
	int flags =
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

	if (load(&s->api, e) < 0) {
		free(s);
		return -1;
	}
	if (s->api.open(path == NULL ? ":memory:" : path, &s->db, flags,
		NULL) != SQLITE_OK) {
		(void)failed(s, e);
		sqlite_close(s);
		return err_wrap(e, "'%s'", path == NULL ? "memory" : path);
	}
	(void)s->api.config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)s->api.config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	(void)s->api.limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
	*out = s;
	return 0;
}

void
sqlite_close(struct sqlite *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL)
		(void)s->api.close(s->db);
	free(s);
}

int
sqlite_exec(struct sqlite *s, const char *sql, struct err *e)
{
	return s->api.exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : failed(s, e);
}

int
sqlite_read_only(struct sqlite *s, struct err *e)
{
	s->read_only = true;
	return sqlite_exec(s, "PRAGMA query_only = 1", e);
}

int
sqlite_prepare(struct sqlite *s, const char *sql, struct sqlite_statement **out,
    struct err *e)
{
	sqlite3_stmt *stmt = NULL;
	const char *rest;

	if (strlen(sql) >= INT_MAX)
		return err_set(e, EX_USAGE, 0, "the statement is too long");
	if (s->api.prepare(s->db, sql, -1, &stmt, &rest) != SQLITE_OK)
		return failed(s, e);
	if (stmt == NULL)
		return err_set(e, EX_USAGE, 0, "no statement");
	rest += strspn(rest, "; \t\r\n");
	if (*rest != '\0' || (s->read_only && !s->api.readonly(stmt))) {
		(void)s->api.finalize(stmt);
		return err_set(e, EX_USAGE, 0,
		    *rest != '\0' ? "want one statement alone"
				  : "the statement would write");
	}
	*out = mem_new(1, sizeof(**out));
	**out = (struct sqlite_statement){s, stmt};
	return 0;
}

void
sqlite_finish(struct sqlite_statement *t)
{
	if (t == NULL)
		return;
	(void)t->s->api.finalize(t->stmt);
	free(t);
}

/* A binding fails only for a parameter that there is none of; then the text is
 * too large, and the record is kept without it. */
void
sqlite_bind_null(struct sqlite_statement *t, int i)
{
	(void)t->s->api.bind_null(t->stmt, i);
}

void
sqlite_bind_integer(struct sqlite_statement *t, int i, int64_t n)
{
	(void)t->s->api.bind_int64(t->stmt, i, n);
}

void
sqlite_bind_real(struct sqlite_statement *t, int i, double n)
{
	(void)t->s->api.bind_double(t->stmt, i, n);
}

void
sqlite_bind_text(struct sqlite_statement *t, int i, struct slice text)
{
	if (text.data == NULL || text.len > INT_MAX)
		sqlite_bind_null(t, i);
	else
		(void)t->s->api.bind_text(
		    t->stmt, i, text.data, (int)text.len, SQLITE_STATIC);
}

int
sqlite_step(struct sqlite_statement *t, struct err *e)
{
	switch (t->s->api.step(t->stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return failed(t->s, e);
	}
}

int
sqlite_run(struct sqlite_statement *t, struct err *e)
{
	int got;

	do
		got = sqlite_step(t, e);
	while (got == 1);
	(void)t->s->api.reset(t->stmt);
	return got;
}

int
sqlite_columns(const struct sqlite_statement *t)
{
	return t->s->api.column_count(t->stmt);
}

const char *
sqlite_name(const struct sqlite_statement *t, int i)
{
	const char *name = t->s->api.column_name(t->stmt, i);

	return name == NULL ? "" : name;
}

enum sqlite_kind
sqlite_kind(const struct sqlite_statement *t, int i)
{
	switch (t->s->api.column_type(t->stmt, i)) {
	case SQLITE_INTEGER:
		return SQLITE_IS_INTEGER;
	case SQLITE_FLOAT:
		return SQLITE_IS_REAL;
	case SQLITE_TEXT:
		return SQLITE_IS_TEXT;
	case SQLITE_BLOB:
		return SQLITE_IS_BLOB;
	default:
		return SQLITE_IS_NULL;
	}
}

int64_t
sqlite_integer(const struct sqlite_statement *t, int i)
{
	return t->s->api.column_int64(t->stmt, i);
}

double
sqlite_real(const struct sqlite_statement *t, int i)
{
	return t->s->api.column_double(t->stmt, i);
}

struct slice
sqlite_text(const struct sqlite_statement *t, int i)
{
	const unsigned char *text = t->s->api.column_text(t->stmt, i);

	if (text == NULL)
		return (struct slice){"", 0};
	return (struct slice){
	    (const char *)text, (size_t)t->s->api.column_bytes(t->stmt, i)};
}
