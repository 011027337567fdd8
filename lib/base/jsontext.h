/*
 * jsontext.h: JSON as text, without building anything: a strict check and a
 * look-up of raw members.  The check is RFC 8259 and more: UTF-8 without a
 * byte order mark, no NUL (also not as \u0000), no lone surrogates, integers
 * within 2^53 on either side, numbers finite, JSON_DEPTH levels at most.
 */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include "base/buf.h"
#include "base/err.h"

#define JSON_DEPTH 128

/* 0 when the whole text is one JSON value, surrounded by white space at most;
 * else -1, status 65, with the offset of the first bad byte. */
int json_check(const char *text, size_t len, struct err *);

/* The text of member `key` of the object `text`, as it stands.  The text must
 * have passed json_check.  0, or -1 when it is absent or no object.  `key` is
 * compared with the raw name: use plain ASCII keys. */
int json_raw(struct slice text, const char *key, struct slice *out);

/*
 * Step through the members of an object, which are checked as they are met, so
 * the text need not have passed json_check: start with `*at` 0; 1 with the
 * next one's name (between its quotes, as it stands) and value, 0 behind the
 * last, -1, status 65, when the text is no JSON object.
 */
int json_raw_member(struct slice object, size_t *at, struct slice *name,
    struct slice *value, struct err *);

/* Step through the raw elements of an array: start with `*at` 0; 1 with the
 * next element in `*out`, 0 at the end. */
int json_raw_next(struct slice array, size_t *at, struct slice *out);

/* Append what the JSON string `token` (with its quotes) stands for. */
void json_unquote(struct buf *, struct slice token);

#endif
