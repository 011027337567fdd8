#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "tool/tool.h"

#include "tap.h"

static struct json *
parse(const char *text)
{
	struct err e = {0};
	struct json *j = NULL;

	if (json_parse(text, strlen(text), &j, &e) < 0)
		printf("# %s: %s\n", text, e.msg);
	return j;
}

/* `want` NULL: it passes; else what the message holds. */
static void
check(const char *schema, const char *value, const char *want)
{
	struct json *s CLEANUP_JSON = parse(schema);
	struct json *v CLEANUP_JSON = parse(value);
	struct err e = {0};
	int r = schema_check(s, v, &e);

	if (want == NULL)
		ok(r == 0 && e.msg[0] == '\0', "%.60s takes %.60s", schema,
		    value);
	else
		ok(r == -1 && strstr(e.msg, want) != NULL &&
			e.status == EX_DATAERR,
		    "%.60s refuses %.60s: %s", schema, value, want);
	if (want == NULL ? r != 0 : strstr(e.msg, want) == NULL)
		printf("# said: '%s'\n", e.msg);
}

static void
check_types(void)
{
	check("{\"type\":\"string\"}", "\"a\"", NULL);
	check("{\"type\":\"string\"}", "1", "expected string, got number");
	check("{\"type\":\"integer\"}", "3", NULL);
	check("{\"type\":\"integer\"}", "3.0", NULL);
	check("{\"type\":\"integer\"}", "3.5", "expected integer, got number");
	check("{\"type\":\"number\"}", "3.5", NULL);
	check("{\"type\":\"boolean\"}", "false", NULL);
	check("{\"type\":\"boolean\"}", "null", "expected boolean, got null");
	check("{\"type\":\"null\"}", "null", NULL);
	check("{\"type\":[\"string\",\"null\"]}", "null", NULL);
	check("{\"type\":[\"string\",\"null\"]}", "[]",
	    "expected string or null, got array");
	check("{}", "[1,{\"a\":null}]", NULL);
	check("true", "1", NULL);
	check("false", "1", "is not allowed");
}

static void
check_objects(void)
{
	static const char s[] =
	    "{\"type\":\"object\",\"properties\":{"
	    "\"path\":{\"type\":\"string\",\"minLength\":1},"
	    "\"n\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9}},"
	    "\"required\":[\"path\"],\"additionalProperties\":false}";

	check(s, "{\"path\":\"a\"}", NULL);
	check(s, "{\"path\":\"a\",\"n\":9}", NULL);
	check(s, "{}", "/path: is required");
	check(s, "[]", "expected object, got array");
	check(s, "{\"path\":\"\"}", "/path: must not be empty");
	check(s, "{\"path\":7}", "/path: expected string, got number");
	check(s, "{\"path\":\"a\",\"n\":0}", "/n: must be at least 1");
	check(s, "{\"path\":\"a\",\"n\":10}", "/n: must be at most 9");
	check(s, "{\"Path\":\"a\",\"path\":\"a\"}",
	    "/Path: is not known here (known: path, n)");
	check("{\"additionalProperties\":{\"type\":\"string\"}}",
	    "{\"x\":\"y\"}", NULL);
	check("{\"additionalProperties\":{\"type\":\"string\"}}", "{\"x\":{}}",
	    "/x: expected string, got object");
}

static void
check_others(void)
{
	check("{\"enum\":[\"a\",2,null]}", "2", NULL);
	check("{\"enum\":[\"a\",2,null]}", "\"b\"",
	    "must be one of 'a', 2, null");
	check("{\"const\":{\"a\":[1]}}", "{\"a\":[1]}", NULL);
	check("{\"const\":{\"a\":[1]}}", "{\"a\":[1,2]}", "must be object");
	check("{\"items\":{\"type\":\"string\"},\"minItems\":1,"
	      "\"maxItems\":2}",
	    "[\"a\",\"b\"]", NULL);
	check("{\"items\":{\"type\":\"string\"}}", "[\"a\",[]]",
	    "/1: expected string, got array");
	check("{\"minItems\":1}", "[]", "must have at least 1 elements");
	check("{\"maxItems\":1}", "[1,2]", "must have at most 1 elements");
	check("{\"maxLength\":2}", "\"\xc3\xa4\xc3\xb6\"", NULL);
	check("{\"maxLength\":1}", "\"\xc3\xa4\xc3\xb6\"",
	    "must have at most 1 characters, has 2");
	check("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "null",
	    NULL);
	check("{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1",
	    "matches none of the 2 alternatives");
	check("{\"pattern\":\"^x\",\"format\":\"uri\",\"title\":\"t\"}",
	    "\"y\"", NULL);
	check("{\"items\":{\"properties\":{\"a/b\":{\"type\":\"null\"}}}}",
	    "[{},{\"a/b\":0}]", "/1/a/b: expected null, got number");
}

static void
check_refs(void)
{
	check("{\"$defs\":{\"s\":{\"type\":\"string\"}},"
	      "\"items\":{\"$ref\":\"#/$defs/s\"}}",
	    "[\"a\"]", NULL);
	check("{\"$defs\":{\"s\":{\"type\":\"string\"}},"
	      "\"items\":{\"$ref\":\"#/$defs/s\"}}",
	    "[1]", "/0: expected string");
	check("{\"$defs\":{\"t\":{\"properties\":{\"next\":{\"$ref\":"
	      "\"#/$defs/t\"}},\"additionalProperties\":false}},"
	      "\"$ref\":\"#/$defs/t\"}",
	    "{\"next\":{\"next\":{}}}", NULL);
	check("{\"$defs\":{\"t\":{\"properties\":{\"next\":{\"$ref\":"
	      "\"#/$defs/t\"}},\"additionalProperties\":false}},"
	      "\"$ref\":\"#/$defs/t\"}",
	    "{\"next\":{\"nxt\":{}}}", "/next/nxt: is not known");
	check("{\"$defs\":{\"a\":{\"$ref\":\"#/$defs/a\"}},"
	      "\"$ref\":\"#/$defs/a\"}",
	    "1", "too deep to be checked");
	/* Doubles at each step: 2^200 checks, were they not counted. */
	check("{\"$defs\":{\"a\":{\"anyOf\":[{\"$ref\":\"#/$defs/a\"},"
	      "{\"$ref\":\"#/$defs/a\"}]}},\"$ref\":\"#/$defs/a\"}",
	    "1", "too deep to be checked");
}

static void
valid(const char *schema, const char *want)
{
	struct json *s CLEANUP_JSON = parse(schema);
	struct err e = {0};
	int r = schema_valid(s, &e);

	if (want == NULL)
		ok(r == 0, "%.70s is a schema", schema);
	else
		ok(r == -1 && strstr(e.msg, want) != NULL, "%.70s is none: %s",
		    schema, want);
	if (want == NULL ? r != 0 : strstr(e.msg, want) == NULL)
		printf("# said: '%s'\n", e.msg);
}

static void
check_valid(void)
{
	valid("{}", NULL);
	valid("{\"type\":\"object\",\"properties\":{\"a\":true},"
	      "\"required\":[\"a\"],\"$defs\":{\"x\":{}},\"x-more\":[]}",
	    NULL);
	valid("{\"items\":{\"anyOf\":[{\"type\":\"string\"}]}}", NULL);
	valid("[]", "a schema must be an object");
	valid("{\"type\":\"text\"}", "\"type\" is not one");
	valid("{\"type\":[]}", "\"type\" is not one");
	valid("{\"properties\":{\"a\":{\"type\":\"int\"}}}",
	    "/properties/a: \"type\"");
	valid("{\"properties\":[]}", "/properties: must be an object");
	valid("{\"required\":\"a\"}", "\"required\" must be an array");
	valid("{\"required\":[1]}", "\"required\" must hold names");
	valid("{\"enum\":[]}", "\"enum\" must be");
	valid("{\"minLength\":-1}", "\"minLength\" must be a count");
	valid("{\"maximum\":\"9\"}", "\"maximum\" must be a number");
	valid("{\"anyOf\":{}}", "\"anyOf\" must be");
	valid("{\"items\":{\"items\":3}}", "/items/items: a schema must be");
	valid("{\"$ref\":\"http://example.com/s\"}", "\"$ref\" must name");
	valid("{\"$ref\":\"#/$defs/none\"}", "\"$ref\" must name");
}

/* {KEY:{KEY:…}} `depth` times. */
static char *
nested(const char *key, int depth)
{
	struct buf b = {0};
	int i;

	for (i = 0; i < depth; i++)
		buf_printf(&b, "{\"%s\":", key);
	buf_puts(&b, "{}");
	for (i = 0; i < depth; i++)
		buf_puts(&b, "}");
	return buf_steal(&b);
}

static void
check_bounds(void)
{
	char *deep CLEANUP_FREE = nested("items", 100);
	char *constant CLEANUP_FREE = mem_printf("{\"const\":%s}", deep);
	char *shallow CLEANUP_FREE = nested("items", 50);
	char *items CLEANUP_FREE = NULL;
	char key[400];

	check(constant, deep, NULL);
	valid(shallow, NULL);
	valid(deep, "nested too deeply");
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	items = mem_printf("{\"%s\":1}", key);
	check("{\"additionalProperties\":false}", items,
	    "kkkk: is not known here (known: nothing)");
	check("{\"additionalProperties\":false}", "{\"a\\nb\":1}",
	    "/a\\x0ab: is not known");
}

int
main(void)
{
	check_types();
	check_objects();
	check_others();
	check_refs();
	check_valid();
	check_bounds();
	return done();
}
