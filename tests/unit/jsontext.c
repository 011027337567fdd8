/* JSON as text: the strict check and raw look-ups. */
#include "base/jsontext.h"

#include "base/mem.h"
#include "tap.h"

static const char *const good[] = {"0", "-0", "1", "-1.5e+10", "1E-2", "true",
    "false", "null", "\"\"", "[]", "{}", " [ 1 , 2 ] ", "\t\r\n{}\n",
    "{\"a\":{\"b\":[1,{}]},\"c\":null}", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u00e9\\uD83D\\ude00\"", "\"\xc3\xa9\xf0\x9f\x98\x80\"", "\"\x7f\"",
    "9007199254740992", "-9007199254740992", "1e308", "1e-400",
    "123456789012345", "{\"\":1}"};

static const struct {
	const char *text;
	size_t at;
	const char *why;
} bad[] = {
    {"", 0, "unexpected end"},
    {"  ", 2, "unexpected end"},
    {"[1,", 3, "unexpected end"},
    {"[1", 2, "expected a comma"},
    {"[1 2]", 3, "expected a comma"},
    {"[1,]", 3, "expected a value"},
    {"[,1]", 1, "expected a value"},
    {"{\"a\"}", 4, "expected a colon"},
    {"{\"a\":1,}", 7, "expected a name"},
    {"{a:1}", 1, "expected a name"},
    {"{1:1}", 1, "expected a name"},
    {"01", 1, "something after"},
    {"-", 1, "bad number"},
    {"-01", 2, "something after"},
    {"1.", 2, "bad number"},
    {".5", 0, "expected a value"},
    {"+1", 0, "expected a value"},
    {"1e", 2, "bad number"},
    {"1e+", 3, "bad number"},
    {"0x10", 1, "something after"},
    {"NaN", 0, "expected a value"},
    {"nul", 0, "unknown word"},
    {"True", 0, "expected a value"},
    {"9007199254740993", 0, "out of range"},
    {"-9007199254740993", 0, "out of range"},
    {"99999999999999999999", 0, "out of range"},
    {"1e309", 0, "out of range"},
    {"\"", 1, "unclosed string"},
    {"\"\\", 2, "bad escape"},
    {"\"\\x\"", 2, "bad escape"},
    {"\"\\u12\"", 2, "bad \\u"},
    {"\"\\u12g4\"", 2, "bad \\u"},
    {"\"\\u0000\"", 2, "NUL"},
    {"\"\\ud800\"", 2, "bad \\u"},
    {"\"\\udc00\"", 2, "bad \\u"},
    {"\"\\ud800\\u0041\"", 2, "bad \\u"},
    {"\"\\ud800\\ud800\"", 2, "bad \\u"},
    {"\"a\nb\"", 2, "control"},
    {"\"a\xff\"", 2, "bad UTF-8"},
    {"\"a\xed\xa0\x80\"", 2, "bad UTF-8"},
    {"\"a\xc3\\n\"", 2, "bad UTF-8"},
    {"\xef\xbb\xbf{}", 0, "expected a value"},
    {"{}{}", 2, "something after"},
    {"[1] x", 4, "something after"},
    {"'a'", 0, "expected a value"},
    {"/**/1", 0, "expected a value"},
    {"\xc2\xa0"
     "1",
	0, "expected a value"},
};

static void
test_check(void)
{
	char place[40];
	struct err e;
	size_t i;

	for (i = 0; i < COUNT_OF(good); i++)
		ok(json_check(good[i], strlen(good[i]), &e) == 0,
		    "JSON, good case %zu", i);
	for (i = 0; i < COUNT_OF(bad); i++) {
		bool refused =
		    json_check(bad[i].text, strlen(bad[i].text), &e) < 0;

		(void)snprintf(place, sizeof(place), "byte %zu: ", bad[i].at);
		if (!ok(refused && e.status == EX_DATAERR &&
			    strstr(e.msg, place) != NULL &&
			    strstr(e.msg, bad[i].why) != NULL,
			"bad JSON, case %zu: '%s' at %s", i, bad[i].why, place))
			printf("# %s\n", refused ? e.msg : "accepted");
	}
	ok(json_check("\"a\0b\"", 5, &e) < 0, "a raw NUL is refused");
	ok(json_check("1\0", 2, &e) < 0, "also after the value");
}

static void
test_depth(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct err e;
	int i;

	for (i = 0; i < JSON_DEPTH; i++)
		buf_putc(&b, '[');
	for (i = 0; i < JSON_DEPTH; i++)
		buf_putc(&b, ']');
	ok(json_check(b.data, b.len, &e) == 0, "%d levels are read",
	    JSON_DEPTH);
	buf_clear(&b);
	for (i = 0; i < JSON_DEPTH + 1; i++)
		buf_putc(&b, '[');
	for (i = 0; i < JSON_DEPTH + 1; i++)
		buf_putc(&b, ']');
	ok(json_check(b.data, b.len, &e) < 0 && strstr(e.msg, "too deep"),
	    "one more is too deep");
	buf_clear(&b);
	for (i = 0; i < 1000000; i++)
		buf_puts(&b, "[{\"\":");
	ok(json_check(b.data, b.len, &e) < 0,
	    "a million levels are refused without harm");
}

static bool
slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

static void
test_raw(void)
{
	static const char text[] = " { \"a\" : 1.0 , \"b\":{\"a\":2},\"c\": "
				   "[ 1 , \"x,]\" ,{}] ,\"d\":\"\\u0041\" } ";
	struct slice t = {text, sizeof(text) - 1}, v, el, none = {"x", 1};
	size_t at = 0;

	ok(json_raw(t, "a", &v) == 0 && slice_is(v, "1.0"),
	    "a member stands as it was written");
	ok(json_raw(t, "b", &v) == 0 && slice_is(v, "{\"a\":2}"),
	    "an object as a whole");
	ok(json_raw(t, "d", &v) == 0 && slice_is(v, "\"\\u0041\""),
	    "a string with its escapes");
	v = none;
	ok(json_raw(t, "e", &v) == -1 && v.data == none.data,
	    "what is absent changes nothing");
	ok(json_raw((struct slice){"[1]", 3}, "a", &v) == -1 &&
		json_raw((struct slice){"{}", 2}, "a", &v) == -1 &&
		json_raw((struct slice){"1", 1}, "a", &v) == -1,
	    "as does what has no members");
	ok(json_raw(t, "c", &v) == 0, "an array");
	ok(json_raw_next(v, &at, &el) == 1 && slice_is(el, "1") &&
		json_raw_next(v, &at, &el) == 1 && slice_is(el, "\"x,]\"") &&
		json_raw_next(v, &at, &el) == 1 && slice_is(el, "{}") &&
		json_raw_next(v, &at, &el) == 0,
	    "is stepped through to its end");
	at = 0;
	ok(json_raw_next((struct slice){"[ ]", 3}, &at, &el) == 0,
	    "an empty one at once");
	at = 0;
	ok(json_raw_next((struct slice){"{}", 2}, &at, &el) == 0,
	    "and so what is none");
}

static void
test_unquote(void)
{
	static const struct {
		const char *token, *text;
	} cases[] = {
	    {"\"\"", ""},
	    {"\"plain\"", "plain"},
	    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
	    {"\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac"},
	    {"\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!"},
	    {"\"\\u0041\"", "A"},
	};
	struct buf b CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		buf_clear(&b);
		json_unquote(
		    &b, (struct slice){cases[i].token, strlen(cases[i].token)});
		ok(strcmp(buf_str(&b), cases[i].text) == 0,
		    "string token %zu stands for its text", i);
	}
}

/* Strings are scanned in words: no place in one may hide a byte. */
static void
test_places(void)
{
	char text[] = "\"0123456789abcdefghijklmn\"";
	size_t at, wrong = 0;
	struct err e;
	int c;

	for (at = 1; at + 2 < sizeof(text); at++) {
		char kept = text[at];

		for (c = 0; c < 256; c++) {
			/* a backslash takes the next byte with it */
			bool plain =
			    c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
			bool escape =
			    c == '\\' && strchr("bfn", text[at + 1]) != NULL;

			text[at] = (char)c;
			if ((json_check(text, sizeof(text) - 1, &e) == 0) !=
			    (plain || escape))
				wrong++;
		}
		text[at] = kept;
	}
	ok(wrong == 0, "each byte counts in each place of a string");
}

int
main(void)
{
	test_check();
	test_places();
	test_depth();
	test_raw();
	test_unquote();
	return done();
}
