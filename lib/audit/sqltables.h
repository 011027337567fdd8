/*
 * sqltables.h: the tables of sqlfill.h: one of all records, one of agents, and
 * one of each type that has something to join by.
 */
#ifndef AUDIT_SQLTABLES_H
#define AUDIT_SQLTABLES_H

#include "audit/sqlite.h"
#include "journal/record.h"

#define SQL_COLUMNS 10

/*
 * The tables of single types.  A column is NAME: the body's member of that
 * name; NAME=KEY: another one; NAME=OBJECT.KEY: one of an object; NAME=@tool,
 * NAME=@model: of the call that the record names; NAME=@seconds: between a
 * model.call and its reply.  All have agent and seq before these.  The last
 * table has no name.
 */
struct sql_table {
	const char *name;
	enum record_type type;
	const char *column[SQL_COLUMNS];
};
extern const struct sql_table sql_tables[];
#define SQL_TABLES 18

/* The table of this type: its index, or -1. */
int sql_table_of(enum record_type);
/* The number that the statement's first row begins with. */
int sql_number(struct sqlite *, const char *sql, int64_t *out, struct err *);

#endif
