#include "base/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const cJSON *
node(const struct json *j)
{
	return (const cJSON *)(const void *)j;
}

static const struct json *
wrap(const cJSON *c)
{
	return (const struct json *)(const void *)c;
}

static int
compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* The first name that an object holds twice, or NULL. */
static const char *
duplicate(const cJSON *obj)
{
	size_t n = (size_t)cJSON_GetArraySize(obj), i = 0;
	const char **names CLEANUP_FREE = NULL;
	const cJSON *c;

	if (n < 2)
		return NULL;
	names = mem_new(n, sizeof(*names));
	for (c = obj->child; c != NULL; c = c->next)
		names[i++] = c->string;
	qsort(names, n, sizeof(*names), compare_names);
	for (i = 1; i < n; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return names[i];
	return NULL;
}

/* Depth is bounded by json_check. */
static int
check_names(const cJSON *c, struct err *e)
{
	const cJSON *child;
	const char *twice;

	if (cJSON_IsObject(c) && (twice = duplicate(c)) != NULL)
		return err_set(e, EX_DATAERR, 0,
		    "bad JSON: the name '%.64s' stands twice", twice);
	for (child = c->child; child != NULL; child = child->next)
		if (child->child != NULL && check_names(child, e) < 0)
			return -1;
	return 0;
}

int
json_parse(const char *text, size_t len, struct json **out, struct err *e)
{
	const char *end;
	cJSON *c;

	if (json_check(text, len, e) < 0)
		return -1;
	c = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	if (c == NULL)
		return err_set(e, EX_DATAERR, 0, "bad JSON");
	if (check_names(c, e) < 0) {
		cJSON_Delete(c);
		return -1;
	}
	*out = (struct json *)(void *)c;
	return 0;
}

void
json_free(struct json *j)
{
	cJSON_Delete((cJSON *)(void *)j);
}

void
json_cleanup(struct json **j)
{
	json_free(*j);
}

enum json_type
json_type(const struct json *j)
{
	const cJSON *c = node(j);

	if (cJSON_IsObject(c))
		return JSON_OBJECT;
	if (cJSON_IsArray(c))
		return JSON_ARRAY;
	if (cJSON_IsString(c))
		return JSON_STRING;
	if (cJSON_IsNumber(c))
		return JSON_NUMBER;
	if (cJSON_IsBool(c))
		return cJSON_IsTrue(c) ? JSON_TRUE : JSON_FALSE;
	return JSON_NULL;
}

const char *
json_type_name(enum json_type t)
{
	static const char *const names[] = {"null", "boolean", "boolean",
	    "number", "string", "array", "object"};

	return names[t];
}

const struct json *
json_get(const struct json *obj, const char *key)
{
	return wrap(cJSON_GetObjectItemCaseSensitive(node(obj), key));
}

const struct json *
json_first(const struct json *j)
{
	return j == NULL ? NULL : wrap(node(j)->child);
}

const struct json *
json_next(const struct json *j)
{
	return wrap(node(j)->next);
}

const char *
json_name(const struct json *j)
{
	return node(j)->string;
}

size_t
json_count(const struct json *j)
{
	return j == NULL ? 0 : (size_t)cJSON_GetArraySize(node(j));
}

const char *
json_string(const struct json *j)
{
	return cJSON_GetStringValue(node(j));
}

bool
json_number(const struct json *j, double *out)
{
	if (!cJSON_IsNumber(node(j)))
		return false;
	*out = node(j)->valuedouble;
	return true;
}

bool
json_integer(const struct json *j, int64_t *out)
{
	double d;

	if (!json_number(j, &d) || fabs(d) > 9007199254740992.0 ||
	    d != floor(d))
		return false;
	*out = (int64_t)d;
	return true;
}

const char *
json_get_string(const struct json *j, const char *key)
{
	return json_string(json_get(j, key));
}

int64_t
json_get_integer(const struct json *j, const char *key, int64_t none)
{
	int64_t v;

	return json_integer(json_get(j, key), &v) ? v : none;
}

bool
json_get_bool(const struct json *j, const char *key, bool none)
{
	const cJSON *c = node(json_get(j, key));

	return cJSON_IsBool(c) ? cJSON_IsTrue(c) : none;
}

/* Every member of `a` is in `b`; names are unique. */
static bool
equal_members(const cJSON *a, const cJSON *b)
{
	const cJSON *x, *y = b->child;

	for (x = a->child; x != NULL; x = x->next) {
		/* Mostly the order is the same: no look-up then. */
		if (y == NULL || strcmp(x->string, y->string) != 0)
			y = cJSON_GetObjectItemCaseSensitive(b, x->string);
		if (y == NULL || !json_equal(wrap(x), wrap(y)))
			return false;
		y = y->next;
	}
	return true;
}

/* Not cJSON_Compare: that one takes 2^53 and 2^53 - 1 for equal, and looks at
 * each object twice, so at nested ones 2^depth times. */
bool
json_equal(const struct json *a, const struct json *b)
{
	const cJSON *x, *y;

	if (a == NULL || b == NULL || json_type(a) != json_type(b) ||
	    json_count(a) != json_count(b))
		return false;
	switch (json_type(a)) {
	case JSON_NUMBER:
		return node(a)->valuedouble == node(b)->valuedouble;
	case JSON_STRING:
		return strcmp(json_string(a), json_string(b)) == 0;
	case JSON_OBJECT:
		return equal_members(node(a), node(b));
	case JSON_ARRAY:
		for (x = node(a)->child, y = node(b)->child; x != NULL;
		     x = x->next, y = y->next)
			if (!json_equal(wrap(x), wrap(y)))
				return false;
		return true;
	default:
		return true;
	}
}
