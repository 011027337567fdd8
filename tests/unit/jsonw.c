/* Writing JSON: what is written always reads back. */
#include "base/jsonw.h"

#include "base/json.h"
#include "tap.h"

static void
test_order(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct jsonw w = {&b, false};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "s", "t");
	jsonw_integer(&w, "i", -5);
	jsonw_array(&w, "a");
	jsonw_end(&w, ']');
	jsonw_array(&w, "b");
	jsonw_bool(&w, NULL, true);
	jsonw_object(&w, NULL);
	jsonw_end(&w, '}');
	jsonw_null(&w, NULL);
	jsonw_end(&w, ']');
	jsonw_raw(&w, "r", "[1.0]", 5);
	jsonw_maybe(&w, "m", NULL);
	jsonw_maybe(&w, "n", "x");
	jsonw_bool(&w, "f", false);
	jsonw_end(&w, '}');
	ok(strcmp(b.data, "{\"s\":\"t\",\"i\":-5,\"a\":[],\"b\":[true,{},null],"
			  "\"r\":[1.0],\"n\":\"x\",\"f\":false}") == 0,
	    "members stand in the order of the calls, without spaces");
}

static void
test_quote(void)
{
	static const struct {
		const char *text, *token;
	} cases[] = {
	    {"", "\"\""},
	    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
	    {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
	    {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
	    {"\xc3\xa9", "\"\xc3\xa9\""},
	    {"a\xff"
	     "b",
		"\"a\xef\xbf\xbd"
		"b\""},
	    {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};
	struct buf b CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		buf_clear(&b);
		json_quote(&b, cases[i].text, strlen(cases[i].text));
		ok(strcmp(b.data, cases[i].token) == 0,
		    "a string, case %zu, is quoted", i);
	}
	buf_clear(&b);
	json_quote(&b, "a\0b", 3);
	ok(strcmp(b.data, "\"a\xef\xbf\xbd"
			  "b\"") == 0,
	    "a NUL becomes U+FFFD, for no reader takes one");
}

/* Any bytes at all, as value and as name. */
static void
test_any(void)
{
	struct buf b CLEANUP_BUF = {0}, back CLEANUP_BUF = {0};
	struct jsonw w = {&b, false};
	struct slice token;
	char name[2] = {0}, text[4];
	struct err e;
	int i, bad = 0;

	for (i = 1; i < 256; i++) {
		buf_clear(&b);
		w.comma = false;
		name[0] = (char)i;
		memcpy(text, "x.y", 4);
		text[1] = (char)i;
		jsonw_object(&w, NULL);
		jsonw_text(&w, name, text, 3);
		jsonw_end(&w, '}');
		if (json_check(b.data, b.len, &e) < 0)
			bad++;
		token = (struct slice){strchr(b.data, ':') + 1, 0};
		if (i == ':')
			token.data = strrchr(b.data, ':') - 2;
		token.len = (size_t)(b.data + b.len - 1 - token.data);
		buf_clear(&back);
		json_unquote(&back, token);
		if (i < 0x80 && strcmp(back.data, text) != 0)
			bad++;
	}
	ok(bad == 0, "every byte is written as JSON and, if ASCII, read back");
}

int
main(void)
{
	test_order();
	test_quote();
	test_any();
	return done();
}
