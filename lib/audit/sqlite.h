/*
 * sqlite.h: SQLite, as much of it as is used here.  The library is loaded at
 * first use, so that no other verb pays for it.
 */
#ifndef AUDIT_SQLITE_H
#define AUDIT_SQLITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct sqlite;
struct sqlite_statement;

enum sqlite_kind {
	SQLITE_IS_NULL,
	SQLITE_IS_INTEGER,
	SQLITE_IS_REAL,
	SQLITE_IS_TEXT,
	SQLITE_IS_BLOB
};

/* Open or make the file; NULL: a database in memory.  The schema that is in
 * the file is not trusted.  Status 69 without the library, 73, 65. */
int sqlite_open(const char *path, struct sqlite **out, struct err *);
void sqlite_close(struct sqlite *);
/* Statements without results. */
int sqlite_exec(struct sqlite *, const char *sql, struct err *);
/* Nothing is written or attached from now on. */
int sqlite_read_only(struct sqlite *, struct err *);

/* One statement: status 64 when it is none, or more than one. */
int sqlite_prepare(struct sqlite *, const char *sql,
    struct sqlite_statement **out, struct err *);
void sqlite_finish(struct sqlite_statement *);
/* Parameters count from 1.  A text holds until the statement has run. */
void sqlite_bind_null(struct sqlite_statement *, int);
void sqlite_bind_integer(struct sqlite_statement *, int, int64_t);
void sqlite_bind_real(struct sqlite_statement *, int, double);
void sqlite_bind_text(struct sqlite_statement *, int, struct slice);
/* Run it to its end, ready to be run again. */
int sqlite_run(struct sqlite_statement *, struct err *);
/* The next row: 1; 0 behind the last, -1. */
int sqlite_step(struct sqlite_statement *, struct err *);

/* Of the row; columns count from 0. */
int sqlite_columns(const struct sqlite_statement *);
const char *sqlite_name(const struct sqlite_statement *, int);
enum sqlite_kind sqlite_kind(const struct sqlite_statement *, int);
int64_t sqlite_integer(const struct sqlite_statement *, int);
double sqlite_real(const struct sqlite_statement *, int);
/* Its bytes; numbers as text.  Until the next step. */
struct slice sqlite_text(const struct sqlite_statement *, int);

#endif
