/*
 * raw.h: members of JSON text that has passed json_check, by type.  What is
 * absent, null or of another type is all the same to a reader of other
 * people's replies.  Private to lib/model.
 */
#ifndef MODEL_RAW_H
#define MODEL_RAW_H

#include "base/jsontext.h"

/* The member as it stands: false when absent or null. */
bool raw_get(struct slice object, const char *key, struct slice *out);
/* Append a member that is a string. */
bool raw_string(struct slice object, const char *key, struct buf *out);
int64_t raw_integer(struct slice object, const char *key, int64_t none);
bool raw_is(struct slice value, char first);	/* '{', '[' or '"' */
/* Is the member this (plain) string? */
bool raw_equal(struct slice object, const char *key, const char *value);
/* Does the text, all of it, pass json_check and hold an object? */
bool raw_object(const char *, size_t);

#endif
