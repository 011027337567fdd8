/*
 * jsonw.h: JSON written straight into a buffer, without spaces, in the order
 * of the calls.  What it writes always passes json_check: strings that are
 * not UTF-8 or hold NUL are repaired with U+FFFD.
 */
#ifndef BASE_JSONW_H
#define BASE_JSONW_H

#include "base/buf.h"
#include "base/digest.h"

/* `{buf}` is a writer at its start.  Commas come by themselves. */
struct jsonw {
	struct buf *out;	/* borrowed */
	bool comma;		/* one is due before the next element */
};

/* Append one JSON string with its quotes. */
void json_quote(struct buf *, const char *, size_t);

/* `key` is NULL inside arrays and for the outermost value. */
void jsonw_object(struct jsonw *, const char *key);	/* { */
void jsonw_array(struct jsonw *, const char *key);	/* [ */
void jsonw_end(struct jsonw *, char close);		/* '}' or ']' */
void jsonw_string(struct jsonw *, const char *key, const char *);
void jsonw_text(struct jsonw *, const char *key, const char *, size_t);
void jsonw_integer(struct jsonw *, const char *key, int64_t);
void jsonw_bool(struct jsonw *, const char *key, bool);
void jsonw_null(struct jsonw *, const char *key);
/* A value that is JSON already; the caller has checked it. */
void jsonw_raw(struct jsonw *, const char *key, const char *, size_t);
void jsonw_digest(struct jsonw *, const char *key, const struct digest *);
/* A member only when `s` is not NULL. */
void jsonw_maybe(struct jsonw *, const char *key, const char *s);

#endif
