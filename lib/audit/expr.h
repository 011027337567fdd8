/*
 * expr.h: what records are looked for, as text: terms with spaces between
 * them, all of which must hold.
 *
 *	type=tool.result tool=run_command status!=0 since=2h
 *
 * A term is KEY OP VALUE; OP is one of = != < <= > >= ~ (contains) !~.  A
 * value with spaces stands in '…' or "…"; `A|B` outside quotes is either.  A
 * key alone: the record has it; with ! before: it has not.  What a record
 * does not have equals nothing, and differs from nothing.
 */
#ifndef AUDIT_EXPR_H
#define AUDIT_EXPR_H

#include "journal/record.h"

enum expr_op {
	EXPR_HAS,
	EXPR_LACKS,
	EXPR_EQ,
	EXPR_NE,
	EXPR_LT,
	EXPR_LE,
	EXPR_GT,
	EXPR_GE,
	EXPR_LIKE,	/* contains these bytes */
	EXPR_UNLIKE
};

enum expr_key {
	KEY_AGENT,
	KEY_ARGUMENTS,
	KEY_BY,
	KEY_CALL,
	KEY_COST,
	KEY_EFFECT,
	KEY_EXIT,
	KEY_GRANT,
	KEY_LABEL,
	KEY_MODEL,
	KEY_REQUEST,
	KEY_SECONDS,
	KEY_SEQ,
	KEY_SINCE,
	KEY_STATUS,
	KEY_TEXT,
	KEY_TIME,
	KEY_TOKENS,
	KEY_TOOL,
	KEY_TYPE,
	KEY_UNTIL,
	KEY_VERDICT,
	KEY_BODY	/* body.PATH */
};

struct expr_value {
	char *text;
	size_t len;
	bool is_number;
	double number;	/* time in microseconds, cost in millionths */
};

struct expr_term {
	enum expr_key key;
	enum expr_op op;
	char *path;	/* KEY_BODY: names with dots between */
	struct expr_value *values;	/* any of them */
	size_t count;
};

struct expr {
	struct expr_term *terms;
	size_t count, cap;
	/* What the terms need, so that other records cost a header each. */
	bool types[RECORD_TYPES];
	bool body;	/* a term looks into it */
	bool blobs;	/* or at what may stand in a blob */
	bool tools, models;	/* or at what a call before it names */
};

/* `now`: what since=2h counts from.  Status 64 names what is wrong. */
int expr_parse(const char *text, int64_t now, struct expr *out, struct err *);
void expr_free(struct expr *);

#endif
