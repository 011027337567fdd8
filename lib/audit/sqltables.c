#include "audit/sqltables.h"

#include <assert.h>
#include <string.h>

#include "audit/sqlfill.h"

#define APPLICATION 1634169188 /* "agud" */
#define FORMAT      1

const struct sql_table sql_tables[] = {
    {"births", RECORD_BORN, {"model", "image", "system"}},
    {"goals", RECORD_GOAL, {"sender=from", "text"}},
    {"model_calls", RECORD_MODEL_CALL,
	{"call", "model", "attempt", "form", "tools", "request"}},
    {"model_replies", RECORD_MODEL_REPLY,
	{"call", "model=@model", "stop", "input=usage.input",
	    "output=usage.output", "cached=usage.cached", "cost", "bad",
	    "seconds=@seconds", "text"}},
    {"tool_calls", RECORD_TOOL_CALL,
	{"call", "tool", "effect", "caller=by", "verdict=decision.verdict",
	    "grants=decision.grants", "approval=decision.approval",
	    "why=decision.why", "arguments"}},
    {"tool_results", RECORD_TOOL_RESULT,
	{"call", "tool=@tool", "status", "exit", "seconds", "labels", "text"}},
    {"asks", RECORD_ASK,
	{"request", "kind", "call", "tool", "effect", "deadline", "wish=grant",
	    "arguments", "text"}},
    {"answers", RECORD_ANSWER,
	{"request", "verdict", "person=by", "command", "text"}},
    {"grants", RECORD_GRANT,
	{"id=grant", "line", "source=from", "giver=by", "command", "request",
	    "layer", "parents", "given_to=to"}},
    {"revocations", RECORD_REVOKE, {"id=grant", "person=by", "because"}},
    {"commands", RECORD_COMMAND, {"nonce", "verb", "status", "key", "why"}},
    {"mail", RECORD_MAIL,
	{"letter=mail", "sender=from", "kind", "event", "labels", "text"}},
    {"forks", RECORD_FORK, {"call", "children"}},
    {"ckpts", RECORD_CKPT,
	{"bundle", "parent", "covers", "whole=full", "bytes", "files", "work"}},
    {"restores", RECORD_RESTORE, {"bundle", "back_to=seq", "saved", "done"}},
    {"runs", RECORD_WAKE, {"pid", "model"}},
    {"notes", RECORD_NOTE, {"note", "why"}},
    {"exits", RECORD_EXIT, {"state", "status", "why", "text"}},
    {NULL, RECORD_TYPES, {NULL}},
};
static_assert(COUNT_OF(sql_tables) == SQL_TABLES + 1, "SQL_TABLES");

static const char own_tables[] =
    "CREATE TABLE agents(id TEXT PRIMARY KEY, name TEXT, parent TEXT,"
    " created TEXT, fork_seq INTEGER, workspace TEXT, seq INTEGER, head TEXT);"
    "CREATE TABLE records(agent TEXT, seq INTEGER, time TEXT, type TEXT,"
    " bytes INTEGER, redacted INTEGER, body TEXT, PRIMARY KEY(agent, seq));"
    "CREATE INDEX records_type ON records(type, time);";

/* Look-ups that joins need. */
static const char indexes[] =
    "CREATE INDEX model_calls_call ON model_calls(agent, call);"
    "CREATE INDEX model_replies_call ON model_replies(agent, call);"
    "CREATE INDEX tool_calls_call ON tool_calls(agent, call);"
    "CREATE INDEX tool_calls_tool ON tool_calls(tool);"
    "CREATE INDEX tool_results_call ON tool_results(agent, call);"
    "CREATE INDEX tool_results_tool ON tool_results(tool, status);"
    "CREATE INDEX asks_request ON asks(request);"
    "CREATE INDEX answers_request ON answers(request);"
    "CREATE INDEX grants_id ON grants(agent, id);";

int
sql_table_of(enum record_type type)
{
	int i;

	for (i = 0; i < SQL_TABLES; i++)
		if (sql_tables[i].type == type)
			return i;
	return -1;
}

/* ---- the database ----------------------------------------------------------- */

int
sql_number(struct sqlite *db, const char *sql, int64_t *out, struct err *e)
{
	struct sqlite_statement *t;
	int got;

	if (sqlite_prepare(db, sql, &t, e) < 0)
		return -1;
	got = sqlite_step(t, e);
	if (got == 1)
		*out = sqlite_integer(t, 0);
	sqlite_finish(t);
	return got < 0 ? -1 : 0;
}

static void
put_table(struct buf *sql, const struct sql_table *k)
{
	size_t i;

	buf_printf(sql, "CREATE TABLE %s(agent TEXT, seq INTEGER", k->name);
	for (i = 0; i < SQL_COLUMNS && k->column[i] != NULL; i++)
		buf_printf(sql, ", %.*s", (int)strcspn(k->column[i], "="),
		    k->column[i]);
	buf_puts(sql, ", PRIMARY KEY(agent, seq));");
}

static int
make(struct sqlite *db, struct err *e)
{
	struct buf sql CLEANUP_BUF = {0};
	size_t i;

	buf_printf(&sql,
	    "BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d; %s",
	    APPLICATION, FORMAT, own_tables);
	for (i = 0; i < SQL_TABLES; i++)
		put_table(&sql, &sql_tables[i]);
	buf_printf(&sql, "%s COMMIT;", indexes);
	return sqlite_exec(db, buf_str(&sql), e);
}

int
sqlfill_open(struct sqlite *db, struct err *e)
{
	int64_t tables = 0, application = 0, format = 0;

	/* What a crash spoils can be made again; what was redacted must not
	 * stay in free pages. */
	if (sqlite_exec(db,
		"PRAGMA synchronous = OFF; PRAGMA secure_delete = ON;"
		"PRAGMA temp_store = MEMORY",
		e) < 0 ||
	    sql_number(db, "SELECT count(*) FROM sqlite_schema", &tables, e) <
		0 ||
	    sql_number(db, "PRAGMA application_id", &application, e) < 0 ||
	    sql_number(db, "PRAGMA user_version", &format, e) < 0)
		return -1;
	if (tables == 0)
		return make(db, e);
	if (application != APPLICATION || format != FORMAT)
		return err_set(e, EX_DATAERR, 0,
		    application != APPLICATION
			? "the file is no database of agent-audit"
			: "the file is of another version: remove it");
	return 0;
}
