/*
 * record.h: one line of a journal, agent-journal(5): a header of fixed form
 * that is chained by digests, and a body that the header names by its digest.
 *
 *   {"seq":N,"time":"…","type":"…",["more":true,]"prev":"…","sum":"…","body":…}
 *
 * What the records mean is not known here.
 */
#ifndef JOURNAL_RECORD_H
#define JOURNAL_RECORD_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"

enum record_type {
	RECORD_BORN,
	RECORD_GOAL,
	RECORD_MODEL_CALL,
	RECORD_MODEL_REPLY,
	RECORD_TOOL_CALL,
	RECORD_TOOL_RESULT,
	RECORD_ASK,
	RECORD_ANSWER,
	RECORD_GRANT,
	RECORD_REVOKE,
	RECORD_COMMAND,
	RECORD_MAIL,
	RECORD_FORK,
	RECORD_JOIN,
	RECORD_CKPT,
	RECORD_RESTORE,
	RECORD_WAIT,
	RECORD_WAKE,
	RECORD_BUDGET,
	RECORD_COMPACT,
	RECORD_NOTE,
	RECORD_SEAL,
	RECORD_EXIT,
	RECORD_TYPES
};

/* The longest line that is written; larger payloads are blobs. */
#define RECORD_MAX  ((size_t)4 << 20)
#define RECORD_HEAD ((size_t)1024) /* more than a header and a salt take */

struct record {
	int64_t seq;  /* from 1 */
	int64_t time; /* real, nanoseconds */
	enum record_type type;
	bool more;            /* the group goes on */
	struct digest prev;   /* digest of the record before */
	struct digest sum;    /* SHA-256 of the body's bytes */
	struct digest digest; /* of this record: line up to ,"body": */
	struct slice line;    /* without the newline; borrowed */
	struct slice body;    /* in the line; "null" when redacted */
};

const char *record_type_name(enum record_type);
/* RECORD_TYPES when it is none. */
enum record_type record_type_parse(const char *, size_t len);
bool record_redacted(const struct record *);

/*
 * Read one line (without its newline).  The form is checked to the byte, and
 * the body against `sum`; not the chain, and not the body's JSON.  Status 65.
 */
int
record_parse(const char *line, size_t len, struct record *out, struct err *);

/*
 * The same for the line at `*at`, of a text that goes up to `end`: `*at` is the
 * one after it then.  Status 65 also when the line has no newline.
 */
int record_next(const char **at, const char *end, struct record *out,
    struct err *);

/*
 * Append a record's line with its newline, and fill in `sum` and `digest`:
 * `rec` holds seq, time, type, more, prev and body.
 */
void record_write(struct record *rec, struct buf *out);

#endif
