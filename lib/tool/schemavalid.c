/* Is a schema one that schema.c can check?  JSON Schema 2020-12, the subset
 * that all providers take. */
#include <string.h>

#include "tool/place.h"
#include "tool/refs.h"
#include "tool/tool.h"

#define VALID_DEPTH 64

struct valid {
	const struct json *root;
	unsigned depth;
};

static int
valid(struct valid *, const struct json *, const struct place *, struct err *);

const struct json *
schema_resolve(const struct json *root, const char *ref)
{
	static const char *const homes[] = {"$defs", "definitions"};
	const struct json *home;
	size_t i, n;

	if (ref == NULL || ref[0] != '#')
		return NULL;
	if (ref[1] == '\0')
		return root;
	for (i = 0; i < COUNT_OF(homes); i++) {
		n = strlen(homes[i]);
		home = json_get(root, homes[i]);
		if (ref[1] == '/' && strncmp(ref + 2, homes[i], n) == 0 &&
		    ref[2 + n] == '/' && json_type(root) == JSON_OBJECT &&
		    home != NULL && json_type(home) == JSON_OBJECT)
			return json_get(home, ref + 3 + n);
	}
	return NULL;
}

static bool
is_type_name(const char *s)
{
	static const char *const names[] = {"object", "array", "string",
	    "number", "integer", "boolean", "null"};
	size_t i;

	for (i = 0; s != NULL && i < COUNT_OF(names); i++)
		if (strcmp(s, names[i]) == 0)
			return true;
	return false;
}

static int
valid_type(const struct json *type, const struct place *at, struct err *e)
{
	const struct json *t;

	if (type == NULL || is_type_name(json_string(type)))
		return 0;
	if (json_type(type) != JSON_ARRAY || json_count(type) == 0)
		return place_error(at, e, "\"type\" is not one of JSON's");
	for (t = json_first(type); t != NULL; t = json_next(t))
		if (!is_type_name(json_string(t)))
			return place_error(
			    at, e, "\"type\" is not one of JSON's");
	return 0;
}

/* The keywords whose value is a number. */
static int
valid_bounds(const struct json *s, const struct place *at, struct err *e)
{
	static const char *const counts[] = {
	    "minLength", "maxLength", "minItems", "maxItems"};
	static const char *const numbers[] = {"minimum", "maximum"};
	const struct json *v;
	int64_t n;
	double d;
	size_t i;

	for (i = 0; i < COUNT_OF(counts); i++) {
		v = json_get(s, counts[i]);
		if (v != NULL && (!json_integer(v, &n) || n < 0))
			return place_error(
			    at, e, "\"%s\" must be a count", counts[i]);
	}
	for (i = 0; i < COUNT_OF(numbers); i++) {
		v = json_get(s, numbers[i]);
		if (v != NULL && !json_number(v, &d))
			return place_error(
			    at, e, "\"%s\" must be a number", numbers[i]);
	}
	return 0;
}

static int
valid_lists(const struct json *s, const struct place *at, struct err *e)
{
	const struct json *v = json_get(s, "required"), *r;

	if (v != NULL && json_type(v) != JSON_ARRAY)
		return place_error(at, e, "\"required\" must be an array");
	for (r = json_first(v); r != NULL; r = json_next(r))
		if (json_string(r) == NULL)
			return place_error(
			    at, e, "\"required\" must hold names");
	v = json_get(s, "enum");
	if (v != NULL && (json_type(v) != JSON_ARRAY || json_count(v) == 0))
		return place_error(
		    at, e, "\"enum\" must be an array of values");
	v = json_get(s, "anyOf");
	if (v != NULL && (json_type(v) != JSON_ARRAY || json_count(v) == 0))
		return place_error(
		    at, e, "\"anyOf\" must be an array of schemas");
	return 0;
}

/* An object of schemas by name. */
static int
valid_map(struct valid *c, const struct json *s, const char *key,
    const struct place *at, struct err *e)
{
	const struct json *map = json_get(s, key), *m;
	struct place place = {at, key, 0}, inner = {&place, NULL, 0};

	if (map == NULL)
		return 0;
	if (json_type(map) != JSON_OBJECT)
		return place_error(&place, e, "must be an object of schemas");
	for (m = json_first(map); m != NULL; m = json_next(m)) {
		inner.key = json_name(m);
		if (valid(c, m, &inner, e) < 0)
			return -1;
	}
	return 0;
}

static int
valid_children(struct valid *c, const struct json *s, const struct place *at,
    struct err *e)
{
	static const char *const maps[] = {
	    "properties", "$defs", "definitions"};
	static const char *const subs[] = {"items", "additionalProperties"};
	struct place place = {at, "anyOf", 0}, inner = {&place, NULL, 0};
	const struct json *sub;
	size_t i;

	for (i = 0; i < COUNT_OF(maps); i++)
		if (valid_map(c, s, maps[i], at, e) < 0)
			return -1;
	for (sub = json_first(json_get(s, "anyOf")); sub != NULL;
	     sub = json_next(sub), inner.index++)
		if (valid(c, sub, &inner, e) < 0)
			return -1;
	for (i = 0; i < COUNT_OF(subs); i++) {
		place.key = subs[i];
		sub = json_get(s, subs[i]);
		if (sub != NULL && valid(c, sub, &place, e) < 0)
			return -1;
	}
	return 0;
}

static int
valid_here(struct valid *c, const struct json *s, const struct place *at,
    struct err *e)
{
	const struct json *ref;

	if (json_type(s) == JSON_TRUE || json_type(s) == JSON_FALSE)
		return 0;
	if (json_type(s) != JSON_OBJECT)
		return place_error(at, e, "a schema must be an object");
	ref = json_get(s, "$ref");
	if (ref != NULL && schema_resolve(c->root, json_string(ref)) == NULL)
		return place_error(at, e,
		    "\"$ref\" must name one of this "
		    "schema's own \"$defs\"");
	if (valid_type(json_get(s, "type"), at, e) < 0 ||
	    valid_bounds(s, at, e) < 0 || valid_lists(s, at, e) < 0)
		return -1;
	return valid_children(c, s, at, e);
}

static int
valid(struct valid *c, const struct json *s, const struct place *at,
    struct err *e)
{
	int r;

	if (c->depth >= VALID_DEPTH)
		return place_error(at, e, "the schema is nested too deeply");
	c->depth++;
	r = valid_here(c, s, at, e);
	c->depth--;
	return r;
}

int
schema_valid(const struct json *schema, struct err *e)
{
	struct valid c = {schema, 0};
	struct place root = {NULL, NULL, 0};

	return valid(&c, schema, &root, e);
}
