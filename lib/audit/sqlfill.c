#include "audit/sqlfill.h"

#include <inttypes.h>
#include <string.h>

#include "audit/facts.h"
#include "audit/sqltables.h"

struct filling {
	struct sqlite *db;
	struct source *source;
	struct sqlite_statement *record, *table[SQL_TABLES];
	struct links links;
	struct members body;
	struct buf room, text[SQL_COLUMNS];
	struct slice agent;
	int64_t own;               /* its first that no ancestor has */
	int64_t known;             /* it has records up to this one */
	char head[DIGEST_HEX + 1]; /* whose digest is this */
};

static int
prepare(struct filling *f, struct err *e)
{
	struct buf sql CLEANUP_BUF = {0};
	size_t i, c;

	if (sqlite_prepare(f->db,
		"INSERT INTO records VALUES(?, ?, ?, ?, ?, ?, ?)", &f->record,
		e) < 0)
		return -1;
	for (i = 0; i < SQL_TABLES; i++) {
		buf_clear(&sql);
		buf_printf(
		    &sql, "INSERT INTO %s VALUES(?, ?", sql_tables[i].name);
		for (c = 0; c < SQL_COLUMNS && sql_tables[i].column[c] != NULL;
		     c++)
			buf_puts(&sql, ", ?");
		buf_puts(&sql, ")");
		if (sqlite_prepare(f->db, buf_str(&sql), &f->table[i], e) < 0)
			return -1;
	}
	return 0;
}

/* A JSON value as one of SQL: strings and numbers are themselves, an object or
 * an array is its text, for SQLite's JSON functions. */
static void
bind_token(struct sqlite_statement *t, int at, struct slice v, struct buf *text)
{
	double n;

	buf_clear(text);
	if (v.data == NULL || v.data[0] == 'n') {
		sqlite_bind_null(t, at);
	} else if (v.data[0] == '"') {
		json_unquote(text, v);
		sqlite_bind_text(
		    t, at, (struct slice){buf_str(text), text->len});
	} else if (v.data[0] == 't' || v.data[0] == 'f') {
		sqlite_bind_integer(t, at, v.data[0] == 't');
	} else if (token_number(v, &n)) {
		if (memchr(v.data, '.', v.len) == NULL && n > -1e15 && n < 1e15)
			sqlite_bind_integer(t, at, (int64_t)n);
		else
			sqlite_bind_real(t, at, n);
	} else {
		sqlite_bind_text(t, at, v);
	}
}

static struct slice
inside(const struct members *m, const char *key)
{
	char object[24];
	const char *dot = strchr(key, '.');
	struct slice v;

	(void)snprintf(object, sizeof(object), "%.*s", (int)(dot - key), key);
	v = members_get(m, object);
	if (v.data == NULL || json_raw(v, dot + 1, &v) < 0)
		return (struct slice){0};
	return v;
}

static void
bind_column(struct filling *f, struct sqlite_statement *t, int at,
    const char *column, const struct record *rec, struct buf *text)
{
	const char *key = strchr(column, '=');
	struct slice call = members_get(&f->body, "call"), model = {0};
	bool known = links_model(&f->links, call, &model);

	key = key == NULL ? column : key + 1;
	if (strcmp(key, "@tool") == 0)
		sqlite_bind_text(t, at, links_tool(&f->links, call));
	else if (strcmp(key, "@model") == 0)
		sqlite_bind_text(t, at, model);
	else if (strcmp(key, "@seconds") == 0 && !known)
		sqlite_bind_null(t, at);
	else if (strcmp(key, "@seconds") == 0)
		sqlite_bind_real(t, at,
		    (double)(rec->time - f->links.sent) / (double)CLOCK_SECOND);
	else if (strchr(key, '.') != NULL)
		bind_token(t, at, inside(&f->body, key), text);
	else
		bind_token(t, at, members_get(&f->body, key), text);
}

static int
add_typed(struct filling *f, const struct record *rec, struct err *e)
{
	int i = sql_table_of(rec->type);
	const struct sql_table *k = &sql_tables[i < 0 ? 0 : i];
	size_t c;

	if (i < 0 || record_redacted(rec))
		return 0;
	sqlite_bind_text(f->table[i], 1, f->agent);
	sqlite_bind_integer(f->table[i], 2, rec->seq);
	for (c = 0; c < SQL_COLUMNS && k->column[c] != NULL; c++)
		bind_column(
		    f, f->table[i], (int)c + 3, k->column[c], rec, &f->text[c]);
	return sqlite_run(f->table[i], e);
}

static int
add_record(struct filling *f, const struct record *rec, struct slice body,
    struct err *e)
{
	const char *type = record_type_name(rec->type);
	bool redacted = record_redacted(rec);
	char time[CLOCK_TEXT];

	clock_text(rec->time, time);
	sqlite_bind_text(f->record, 1, f->agent);
	sqlite_bind_integer(f->record, 2, rec->seq);
	sqlite_bind_text(f->record, 3, (struct slice){time, strlen(time)});
	sqlite_bind_text(f->record, 4, (struct slice){type, strlen(type)});
	sqlite_bind_integer(f->record, 5, (int64_t)rec->line.len + 1);
	sqlite_bind_integer(f->record, 6, redacted);
	sqlite_bind_text(f->record, 7, redacted ? (struct slice){0} : body);
	return sqlite_run(f->record, e) < 0 ? -1 : add_typed(f, rec, e);
}

static int
remove_rows(struct filling *f, const char *where, struct err *e)
{
	struct buf sql CLEANUP_BUF = {0};
	size_t i;

	buf_printf(&sql, "DELETE FROM records WHERE %s;", where);
	for (i = 0; i < SQL_TABLES; i++)
		buf_printf(&sql, "DELETE FROM %s WHERE %s;", sql_tables[i].name,
		    where);
	return sqlite_exec(f->db, buf_str(&sql), e);
}

/* The record is in it: was it redacted since? */
static int
compare(struct filling *f, const struct record *rec, struct err *e)
{
	char where[80], sql[160];
	int64_t there = 1;

	if (!record_redacted(rec))
		return 0;
	(void)snprintf(where, sizeof(where), "agent = '%s' AND seq = %" PRId64,
	    f->source->id, rec->seq);
	(void)snprintf(
	    sql, sizeof(sql), "SELECT redacted FROM records WHERE %s", where);
	if (sql_number(f->db, sql, &there, e) < 0)
		return -1;
	if (there == 1)
		return 0;
	return remove_rows(f, where, e) < 0 ? -1
					    : add_record(f, rec, rec->body, e);
}

static int
take(struct filling *f, const struct record *rec, struct err *e)
{
	struct blob_source blobs = source_blobs(f->source);
	bool links =
	    rec->type == RECORD_MODEL_CALL || rec->type == RECORD_TOOL_CALL;
	struct slice body = rec->body;

	f->body.count = 0;
	if (rec->seq < f->own && !links)
		return 0;
	if (rec->seq <= f->known && !links)
		return compare(f, rec, e);
	if ((rec->seq > f->known &&
		blob_expand(&blobs, rec->body, &f->room, &body, e) < 0) ||
	    ((links || sql_table_of(rec->type) >= 0) &&
		members_read(&f->body, body, e) < 0))
		return err_wrap(e, "record %" PRId64, rec->seq);
	links_note(&f->links, rec, &f->body);
	if (rec->seq < f->own)
		return 0;
	return rec->seq <= f->known ? compare(f, rec, e)
				    : add_record(f, rec, body, e);
}

/* ---- agents ------------------------------------------------------------------- */

static void
bind_string(struct sqlite_statement *t, int at, const char *s)
{
	sqlite_bind_text(t, at, (struct slice){s, s == NULL ? 0 : strlen(s)});
}

static int
put_agent(struct filling *f, const struct journal_mark *end, struct err *e)
{
	const struct info *info =
	    f->source->live ? &f->source->history.info : NULL;
	struct sqlite_statement *t;
	char hex[DIGEST_HEX + 1];
	int got;

	if (sqlite_prepare(f->db,
		"REPLACE INTO agents VALUES(?, ?, ?, ?, ?, ?, ?, ?)", &t,
		e) < 0)
		return -1;
	digest_hex(&end->head, hex);
	sqlite_bind_text(t, 1, f->agent);
	bind_string(t, 2, info == NULL ? NULL : info->name);
	bind_string(t, 3, info == NULL ? NULL : info->parent);
	bind_string(t, 4, info == NULL ? NULL : info->created);
	sqlite_bind_integer(t, 5, info == NULL ? 0 : info->fork_seq);
	bind_string(t, 6, info == NULL ? NULL : info->workspace);
	sqlite_bind_integer(t, 7, end->seq);
	bind_string(t, 8, hex);
	got = sqlite_run(t, e);
	sqlite_finish(t);
	return got;
}

static int
find_known(struct filling *f, struct err *e)
{
	struct sqlite_statement *t;
	int got;

	if (sqlite_prepare(
		f->db, "SELECT seq, head FROM agents WHERE id = ?", &t, e) < 0)
		return -1;
	sqlite_bind_text(t, 1, f->agent);
	got = sqlite_step(t, e);
	if (got == 1) {
		f->known = sqlite_integer(t, 0);
		(void)snprintf(f->head, sizeof(f->head), "%.*s",
		    (int)sqlite_text(t, 1).len, sqlite_text(t, 1).data);
	}
	sqlite_finish(t);
	return got < 0 ? -1 : 0;
}

/* 1: another history has the agent's name, and is to be read from the start. */
static int
walk(struct filling *f, struct err *e)
{
	struct source_walk w;
	struct record rec;
	char hex[DIGEST_HEX + 1];
	int got, other = 0;

	source_walk_init(f->source, &w);
	while ((got = source_walk_next(&w, &rec, e)) == 1 && !other) {
		digest_hex(&rec.digest, hex);
		other = rec.seq == f->known && strcmp(hex, f->head) != 0;
		if (!other && take(f, &rec, e) < 0) {
			got = -1;
			break;
		}
	}
	if (got == 0 && !other && w.mark.seq >= f->known)
		got = put_agent(f, &w.mark, e);
	source_walk_free(&w);
	return got < 0 ? -1 : other;
}

static int
fill(struct filling *f, struct err *e)
{
	char where[64];
	int got;

	if (prepare(f, e) < 0 || find_known(f, e) < 0)
		return -1;
	got = walk(f, e);
	if (got != 1)
		return got;
	(void)snprintf(where, sizeof(where), "agent = '%s'", f->source->id);
	f->known = 0;
	return remove_rows(f, where, e) < 0 ? -1 : walk(f, e);
}

static void
release(struct filling *f)
{
	size_t i;

	for (i = 0; i < SQL_TABLES; i++)
		sqlite_finish(f->table[i]);
	for (i = 0; i < SQL_COLUMNS; i++)
		buf_free(&f->text[i]);
	sqlite_finish(f->record);
	links_free(&f->links);
	members_free(&f->body);
	buf_free(&f->room);
}

int
sqlfill_add(struct sqlite *db, struct source *s, struct err *e)
{
	const struct lineage *l = &s->history.lineage;
	struct filling f = {.db = db,
	    .source = s,
	    .agent = {s->id, strlen(s->id)},
	    .own = s->live ? l->level[l->count - 1].before + 1 : 1};
	struct err none;
	int got;

	if (sqlite_exec(db, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	got = fill(&f, e);
	release(&f);
	if (got == 0)
		got = sqlite_exec(db, "COMMIT", e);
	if (got < 0)
		(void)sqlite_exec(db, "ROLLBACK", &none);
	return got;
}
