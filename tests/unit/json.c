/* JSON as a tree. */
#include "base/json.h"

#include "tap.h"

static struct json *
parse(const char *text)
{
	struct json *j = NULL;
	struct err e;

	if (json_parse(text, strlen(text), &j, &e) < 0)
		ok(false, "the test's own JSON: %s", e.msg);
	return j;
}

static void
test_parse(void)
{
	static const char *const twice[] = {"{\"a\":1,\"a\":2}",
	    "[{\"x\":{\"b\":1,\"c\":2,\"b\":3}}]", "{\"a\":1,\"\\u0061\":2}"};
	struct json *j = (struct json *)&j;
	struct err e;
	size_t i;

	for (i = 0; i < COUNT_OF(twice); i++)
		ok(json_parse(twice[i], strlen(twice[i]), &j, &e) == -1 &&
			e.status == EX_DATAERR &&
			strstr(e.msg, "twice") != NULL,
		    "a name that stands twice is refused: %zu", i);
	ok(json_parse("[1,]", 4, &j, &e) == -1 && e.status == EX_DATAERR &&
		j == (struct json *)&j,
	    "what is bad is refused, nothing changed");
	j = parse("{\"a\":1,\"A\":2}");
	ok(json_get_integer(j, "a", 0) == 1 && json_get_integer(j, "A", 0) == 2,
	    "names differ by case");
	json_free(j);
}

static void
test_types(void)
{
	static const enum json_type want[] = {JSON_NULL, JSON_TRUE, JSON_FALSE,
	    JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT};
	struct json *j CLEANUP_JSON =
	    parse("[null,true,false,1,\"s\",[1],{\"k\":1}]");
	const struct json *x = json_first(j);
	size_t i = 0;

	ok(json_type(j) == JSON_ARRAY && json_count(j) == 7,
	    "an array has a count");
	for (; x != NULL; x = json_next(x), i++)
		ok(json_type(x) == want[i], "element %zu is a %s", i,
		    json_type_name(want[i]));
	ok(i == 7, "and ends");
}

static void
test_values(void)
{
	struct json *j CLEANUP_JSON =
	    parse("{\"s\":\"t\",\"i\":-5,\"f\":1.5,"
		  "\"big\":9007199254740992,\"t\":true,\"n\":null,"
		  "\"o\":{\"in\":[]},\"z\":\"\"}");
	int64_t i = 77;
	double d = 77;

	ok(strcmp(json_get_string(j, "s"), "t") == 0 &&
		strcmp(json_get_string(j, "z"), "") == 0,
	    "strings");
	ok(json_get_string(j, "i") == NULL && json_get_string(j, "x") == NULL &&
		json_get_string(j, "n") == NULL,
	    "no other type is a string");
	ok(json_get_integer(j, "i", 0) == -5 &&
		json_get_integer(j, "big", 0) == INT64_C(9007199254740992),
	    "integers, to the last bit");
	ok(json_get_integer(j, "f", -1) == -1 &&
		json_get_integer(j, "s", -1) == -1 &&
		json_get_integer(j, "x", -1) == -1,
	    "nothing else is one");
	ok(!json_integer(json_get(j, "f"), &i) && i == 77 &&
		!json_number(json_get(j, "s"), &d) && d > 76,
	    "a wrong type changes nothing");
	ok(json_number(json_get(j, "f"), &d) && d > 1.4 && d < 1.6, "decimals");
	ok(json_get_bool(j, "t", false) && json_get_bool(j, "x", true) &&
		json_get_bool(j, "s", true) && !json_get_bool(j, "s", false),
	    "booleans, else what was given for none");
	ok(json_get(NULL, "a") == NULL && json_string(NULL) == NULL &&
		json_first(NULL) == NULL && json_count(NULL) == 0 &&
		json_get_string(NULL, "a") == NULL,
	    "no value has no members");
	ok(json_get(json_get(json_get(j, "o"), "in"), "x") == NULL &&
		json_get(json_get(j, "s"), "x") == NULL,
	    "nor do arrays and strings");
	ok(strcmp(json_name(json_first(j)), "s") == 0, "members have names");
	json_free(NULL);
}

static void
test_equal(void)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
	    {"1", "1.0", true},
	    {"9007199254740992", "9007199254740991", false},
	    {"0.1", "0.1", true},
	    {"1", "\"1\"", false},
	    {"true", "true", true},
	    {"true", "false", false},
	    {"null", "null", true},
	    {"null", "false", false},
	    {"\"a\"", "\"\\u0061\"", true},
	    {"\"a\"", "\"A\"", false},
	    {"[1,2]", "[1,2]", true},
	    {"[1,2]", "[2,1]", false},
	    {"[1]", "[1,2]", false},
	    {"[]", "{}", false},
	    {"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true},
	    {"{\"a\":1}", "{\"A\":1}", false},
	    {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
	    {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
	    {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":2}}", false},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct json *a CLEANUP_JSON = parse(cases[i].a);
		struct json *b CLEANUP_JSON = parse(cases[i].b);

		ok(json_equal(a, b) == cases[i].equal &&
			json_equal(b, a) == cases[i].equal,
		    "%s and %s are %s", cases[i].a, cases[i].b,
		    cases[i].equal ? "equal" : "not equal");
	}
}

int
main(void)
{
	test_parse();
	test_types();
	test_values();
	test_equal();
	return done();
}
