/*
 * json.h: JSON as a tree, read only.  The text passes json_check and has no
 * name twice in one object before cJSON sees it; look-ups are case-sensitive.
 * This module alone knows cJSON.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/jsontext.h"

struct json;	/* a value; owned by the tree's root */

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

/* Parse the whole text.  The caller frees `*out`. */
int json_parse(const char *text, size_t len, struct json **out, struct err *);
void json_free(struct json *);
void json_cleanup(struct json **);
#define CLEANUP_JSON CLEANUP(json_cleanup)

enum json_type json_type(const struct json *);
const char *json_type_name(enum json_type);

/* The member of an object, or NULL (also when `obj` is NULL or no object). */
const struct json *json_get(const struct json *obj, const char *key);
/* Children of an array or object in order; NULL at the end. */
const struct json *json_first(const struct json *);
const struct json *json_next(const struct json *);
const char *json_name(const struct json *);	/* of an object's member */
size_t json_count(const struct json *);

/* Values; NULL or false when the value is of another type (or NULL). */
const char *json_string(const struct json *);
bool json_number(const struct json *, double *out);
bool json_integer(const struct json *, int64_t *out);

/* Members of an object by type, with what to return when absent or of another
 * type. */
const char *json_get_string(const struct json *, const char *key);
int64_t json_get_integer(const struct json *, const char *key, int64_t none);
bool json_get_bool(const struct json *, const char *key, bool none);

bool json_equal(const struct json *, const struct json *);

#endif
