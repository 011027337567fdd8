/* Checking a value against a schema of the portable subset. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "tool/place.h"
#include "tool/refs.h"
#include "tool/tool.h"

/* A schema that refers to itself could go on for ever, and alternatives of
 * alternatives for exponentially long: both are counted instead. */
#define SCHEMA_STEPS 200000
#define SCHEMA_LEVEL 200

struct check {
	const struct json *root;
	unsigned steps;
	bool over; /* the steps are used up: no answer */
};

static int
check(struct check *, const struct json *schema, const struct json *value,
    const struct place *, unsigned depth, struct err *);

static const char *
type_of(const struct json *v)
{
	return json_type_name(json_type(v));
}

static bool
is_type(const struct json *v, const char *name)
{
	double d;

	if (strcmp(name, "integer") == 0)
		return json_number(v, &d) && d == floor(d);
	return strcmp(name, type_of(v)) == 0;
}

/* "type" is one name or an array of names. */
static int
check_type(const struct json *type, const struct json *v,
    const struct place *at, struct err *e)
{
	struct buf names CLEANUP_BUF = {.max = 100};
	const struct json *t;
	const char *name = json_string(type);

	if (type == NULL)
		return 0;
	if (name != NULL) {
		if (is_type(v, name))
			return 0;
		return place_error(
		    at, e, "expected %s, got %s", name, type_of(v));
	}
	for (t = json_first(type); t != NULL; t = json_next(t)) {
		name = json_string(t) == NULL ? "" : json_string(t);
		if (is_type(v, name))
			return 0;
		buf_printf(&names, "%s%s", names.len > 0 ? " or " : "", name);
	}
	return place_error(
	    at, e, "expected %s, got %s", buf_str(&names), type_of(v));
}

/* A scalar as it would be written, for a list of what is allowed. */
static void
print_scalar(const struct json *v, struct buf *out)
{
	double d;

	if (json_string(v) != NULL) {
		buf_putc(out, '\'');
		utf8_safe(out, json_string(v),
		    utf8_cut(json_string(v), strlen(json_string(v)), 40),
		    false);
		buf_putc(out, '\'');
	} else if (json_number(v, &d)) {
		buf_printf(out, "%.15g", d);
	} else if (json_type(v) == JSON_TRUE) {
		buf_puts(out, "true");
	} else if (json_type(v) == JSON_FALSE) {
		buf_puts(out, "false");
	} else {
		buf_puts(out, type_of(v));
	}
}

static int
check_choice(const struct json *s, const struct json *v, const struct place *at,
    struct err *e)
{
	struct buf list CLEANUP_BUF = {.max = 150};
	const struct json *all = json_get(s, "enum"), *c;
	const struct json *one = json_get(s, "const");

	if (one != NULL && !json_equal(one, v)) {
		print_scalar(one, &list);
		return place_error(at, e, "must be %s", buf_str(&list));
	}
	if (all == NULL)
		return 0;
	for (c = json_first(all); c != NULL; c = json_next(c)) {
		if (json_equal(c, v))
			return 0;
		if (list.len > 0)
			buf_puts(&list, ", ");
		print_scalar(c, &list);
	}
	return place_error(at, e, "must be one of %s", buf_str(&list));
}

static int
check_number(const struct json *s, const struct json *v, const struct place *at,
    struct err *e)
{
	double d, bound;

	if (!json_number(v, &d))
		return 0;
	if (json_number(json_get(s, "minimum"), &bound) && d < bound)
		return place_error(at, e, "must be at least %.15g", bound);
	if (json_number(json_get(s, "maximum"), &bound) && d > bound)
		return place_error(at, e, "must be at most %.15g", bound);
	return 0;
}

/* Lengths are in characters, as JSON Schema counts them. */
static int
check_string(const struct json *s, const struct json *v, const struct place *at,
    struct err *e)
{
	const char *p = json_string(v);
	int64_t n = 0, bound;

	if (p == NULL)
		return 0;
	for (; *p != '\0'; p++)
		if (((unsigned char)*p & 0xc0) != 0x80)
			n++;
	if (json_integer(json_get(s, "minLength"), &bound) && n < bound)
		return bound == 1
			   ? place_error(at, e, "must not be empty")
			   : place_error(at, e,
				 "must have at least %" PRId64 " characters",
				 bound);
	if (json_integer(json_get(s, "maxLength"), &bound) && n > bound)
		return place_error(at, e,
		    "must have at most %" PRId64 " characters, has %" PRId64,
		    bound, n);
	return 0;
}

static int
check_array(struct check *c, const struct json *s, const struct json *v,
    const struct place *at, unsigned depth, struct err *e)
{
	const struct json *items = json_get(s, "items"), *child;
	struct place place = {at, NULL, 0};
	int64_t n, bound;

	if (json_type(v) != JSON_ARRAY)
		return 0;
	n = (int64_t)json_count(v);
	if (json_integer(json_get(s, "minItems"), &bound) && n < bound)
		return place_error(
		    at, e, "must have at least %" PRId64 " elements", bound);
	if (json_integer(json_get(s, "maxItems"), &bound) && n > bound)
		return place_error(
		    at, e, "must have at most %" PRId64 " elements", bound);
	if (items == NULL)
		return 0;
	for (child = json_first(v); child != NULL; child = json_next(child)) {
		if (check(c, items, child, &place, depth, e) < 0)
			return -1;
		place.index++;
	}
	return 0;
}

/* The names there are, for a model that guessed one. */
static int
unknown_member(const struct json *props, const struct place *at, struct err *e)
{
	struct buf list CLEANUP_BUF = {.max = 150};
	const struct json *p;

	for (p = json_first(props); p != NULL; p = json_next(p)) {
		if (list.len > 0)
			buf_puts(&list, ", ");
		utf8_safe(&list, json_name(p),
		    utf8_cut(json_name(p), strlen(json_name(p)), 40), false);
	}
	return place_error(at, e, "is not known here (known: %s)",
	    list.len == 0 ? "nothing" : buf_str(&list));
}

static int
check_members(struct check *c, const struct json *s, const struct json *v,
    const struct place *at, unsigned depth, struct err *e)
{
	const struct json *props = json_get(s, "properties"), *member, *sub;
	const struct json *more = json_get(s, "additionalProperties");
	struct place place = {at, NULL, 0};

	for (member = json_first(v); member != NULL;
	     member = json_next(member)) {
		place.key = json_name(member);
		sub = json_get(props, place.key);
		if (sub == NULL && more != NULL &&
		    json_type(more) == JSON_FALSE)
			return unknown_member(props, &place, e);
		if (sub == NULL)
			sub = more;
		if (sub != NULL && check(c, sub, member, &place, depth, e) < 0)
			return -1;
	}
	return 0;
}

static int
check_object(struct check *c, const struct json *s, const struct json *v,
    const struct place *at, unsigned depth, struct err *e)
{
	const struct json *r;
	struct place place = {at, NULL, 0};

	if (json_type(v) != JSON_OBJECT)
		return 0;
	for (r = json_first(json_get(s, "required")); r != NULL;
	     r = json_next(r)) {
		place.key = json_string(r);
		if (place.key != NULL && json_get(v, place.key) == NULL)
			return place_error(&place, e, "is required");
	}
	return check_members(c, s, v, at, depth, e);
}

static int
check_any(struct check *c, const struct json *any, const struct json *v,
    const struct place *at, unsigned depth, struct err *e)
{
	const struct json *s;
	struct err first = {0}, other = {0};
	bool one = true;

	if (any == NULL)
		return 0;
	for (s = json_first(any); s != NULL; s = json_next(s)) {
		if (check(c, s, v, at, depth, one ? &first : &other) == 0)
			return 0;
		one = false;
	}
	if (c->over)
		return place_error(at, e, "is too deep to be checked");
	if (json_count(any) == 1) {
		*e = first;
		return -1;
	}
	return place_error(
	    at, e, "matches none of the %zu alternatives", json_count(any));
}

static int
check(struct check *c, const struct json *s, const struct json *v,
    const struct place *at, unsigned depth, struct err *e)
{
	const struct json *ref, *target;

	if (++c->steps > SCHEMA_STEPS || depth > SCHEMA_LEVEL) {
		c->over = true;
		return place_error(at, e, "is too deep to be checked");
	}
	if (json_type(s) == JSON_TRUE)
		return 0;
	if (json_type(s) == JSON_FALSE)
		return place_error(at, e, "is not allowed");
	ref = json_get(s, "$ref");
	if (ref != NULL) {
		target = schema_resolve(c->root, json_string(ref));
		if (target == NULL)
			return place_error(at, e,
			    "the schema's $ref leads "
			    "nowhere");
		if (check(c, target, v, at, depth + 1, e) < 0)
			return -1;
	}
	if (check_type(json_get(s, "type"), v, at, e) < 0 ||
	    check_choice(s, v, at, e) < 0 || check_number(s, v, at, e) < 0 ||
	    check_string(s, v, at, e) < 0 ||
	    check_array(c, s, v, at, depth + 1, e) < 0 ||
	    check_object(c, s, v, at, depth + 1, e) < 0)
		return -1;
	return check_any(c, json_get(s, "anyOf"), v, at, depth + 1, e);
}

int
schema_check(const struct json *schema, const struct json *value, struct err *e)
{
	struct check c = {schema, 0, false};
	struct place root = {NULL, NULL, 0};

	return check(&c, schema, value, &root, 0, e);
}
