/*
 * members.h: a record's body as a flat table of its members, each value as it
 * stands.  One scan checks and splits the text; nothing is copied, so it is
 * much cheaper than a tree, and what nobody asks for is never decoded.
 */
#ifndef AUDIT_MEMBERS_H
#define AUDIT_MEMBERS_H

#include "base/jsontext.h"

struct member {
	struct slice name, value;
};

struct members {
	struct member *items;
	size_t count, cap;
};

void members_free(struct members *);
/* Those of the object `body`, which they point into; a redacted body, "null",
 * has none.  Status 65 when it is no JSON object. */
int members_read(struct members *, struct slice body, struct err *);
/* The value as it stands; its `data` is NULL when it is absent. */
struct slice members_get(const struct members *, const char *key);
/* A string without escapes, between its quotes; absent when it is another
 * thing.  Words of ours have none. */
struct slice members_word(const struct members *, const char *key);
/* A string decoded into `out`, which is emptied first; false: it is none. */
bool members_text(const struct members *, const char *key, struct buf *out);
/* An integer; a number with decimals. */
int64_t members_integer(
    const struct members *, const char *key, int64_t none);
bool members_number(const struct members *, const char *key, double *out);

/* A JSON number's value; false: the token is none. */
bool token_number(struct slice token, double *out);

#endif
