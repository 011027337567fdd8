/* UTF-8, and foreign text on its way to a terminal. */
#include "base/utf8.h"

#include "tap.h"

static const struct {
	const char *bytes;
	size_t length;
	uint32_t cp;
	const char *what;
} characters[] = {
    {"a", 1, 'a', "ASCII"},
    {"\x7f", 1, 0x7f, "the last of one byte"},
    {"\xc2\x80", 2, 0x80, "the first of two bytes"},
    {"\xdf\xbf", 2, 0x7ff, "the last of two bytes"},
    {"\xe0\xa0\x80", 3, 0x800, "the first of three bytes"},
    {"\xed\x9f\xbf", 3, 0xd7ff, "the last before the surrogates"},
    {"\xee\x80\x80", 3, 0xe000, "the first after the surrogates"},
    {"\xef\xbf\xbf", 3, 0xffff, "the last of three bytes"},
    {"\xf0\x90\x80\x80", 4, 0x10000, "the first of four bytes"},
    {"\xf4\x8f\xbf\xbf", 4, 0x10ffff, "the last of all"},
    {"\x80", 0, 0, "a lone continuation"},
    {"\xc0\x80", 0, 0, "an overlong NUL"},
    {"\xc1\xbf", 0, 0, "an overlong ASCII character"},
    {"\xe0\x9f\xbf", 0, 0, "an overlong character of three bytes"},
    {"\xf0\x8f\xbf\xbf", 0, 0, "an overlong character of four bytes"},
    {"\xed\xa0\x80", 0, 0, "a surrogate"},
    {"\xed\xbf\xbf", 0, 0, "the last surrogate"},
    {"\xf4\x90\x80\x80", 0, 0, "more than U+10FFFF"},
    {"\xf5\x80\x80\x80", 0, 0, "a lead byte that is none"},
    {"\xff", 0, 0, "0xff"},
    {"\xc2", 0, 0, "a character that is cut"},
    {"\xe2\x82", 0, 0, "a longer one that is cut"},
    {"\xc2\x41", 0, 0, "a lead without its continuation"},
    {"", 0, 0, "nothing"},
};

static void
test_next(void)
{
	uint32_t cp;
	size_t i, n;

	for (i = 0; i < COUNT_OF(characters); i++) {
		cp = 0;
		n = utf8_next(
		    characters[i].bytes, strlen(characters[i].bytes), &cp);
		ok(n == characters[i].length && cp == characters[i].cp,
		    "%s is %s", characters[i].what,
		    characters[i].length > 0 ? "a character" : "refused");
	}
	ok(utf8_next("\0", 1, &cp) == 1 && cp == 0, "NUL is a character");
}

static void
test_valid(void)
{
	static const char text[] = "0123456789\xc3\xa9"
				   "abcdefgh\xff"
				   "x";
	struct buf b CLEANUP_BUF = {0};

	ok(utf8_valid(text, 20) == 20, "a text that is valid is so to its end");
	ok(utf8_valid(text, sizeof(text) - 1) == 20,
	    "else to its first bad byte");
	ok(utf8_valid(text, 11) == 10, "a character that is cut is bad");
	utf8_repair(&b,
	    "a\xff\xfe"
	    "b\xe2\x82",
	    6);
	ok(strcmp(b.data, "a\xef\xbf\xbd\xef\xbf\xbd"
			  "b\xef\xbf\xbd\xef\xbf\xbd") == 0,
	    "each bad byte is replaced by one U+FFFD");
	buf_clear(&b);
	utf8_repair(&b, text, 20);
	ok(b.len == 20 && memcmp(b.data, text, 20) == 0,
	    "what is valid stays as it is");
}

static void
test_cut(void)
{
	static const char euro[] = "a\xe2\x82\xac"
				   "b";

	ok(utf8_cut(euro, 5, 9) == 5, "a text that fits is not cut");
	ok(utf8_cut(euro, 5, 5) == 5, "nor one that just fits");
	ok(utf8_cut(euro, 5, 4) == 4, "a cut between characters stays");
	ok(utf8_cut(euro, 5, 3) == 1 && utf8_cut(euro, 5, 2) == 1,
	    "one inside a character moves before it");
	ok(utf8_cut(euro, 5, 0) == 0, "nothing is a prefix");
	ok(utf8_cut(euro + 1, 3, 2) == 0 && utf8_cut(euro + 1, 3, 1) == 0,
	    "also when the character is the first");
	ok(utf8_cut("\x80\x80\x80\x80\x80\x80\x80", 7, 6) == 6,
	    "what is no UTF-8 is cut anywhere");
}

static void
test_safe(void)
{
	static const struct {
		const char *in, *out;
		bool lines;
	} cases[] = {
	    {"plain \xc3\xa9\xe2\x82\xac", "plain \xc3\xa9\xe2\x82\xac", false},
	    {"\x1b[31mred", "\\x1b[31mred", false},
	    {"a\nb\tc", "a\\x0ab\\x09c", false},
	    {"a\nb\tc", "a\nb\tc", true},
	    {"a\rb", "a\\x0db", true},
	    {"\x7f", "\\x7f", true},
	    {"\xc2\x9b"
	     "31m",
		"<U+009B>31m", true},
	    {"\xe2\x80\xae", "<U+202E>", true},
	    {"\xe2\x81\xa6", "<U+2066>", true},
	    {"\xe2\x80\x8b", "<U+200B>", true},
	    {"\xef\xbb\xbf", "<U+FEFF>", true},
	    {"\xf3\xa0\x81\x81", "<U+E0041>", true},
	    {"\xff\xc3", "\\xff\\xc3", true},
	};
	struct buf b CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		buf_clear(&b);
		utf8_safe(&b, cases[i].in, strlen(cases[i].in), cases[i].lines);
		ok(strcmp(buf_str(&b), cases[i].out) == 0,
		    "terminal: case %zu is shown as a visible escape or "
		    "as it is%s",
		    i, cases[i].lines ? ", lines kept" : "");
	}
	buf_clear(&b);
	utf8_safe(&b, "a\0b", 3, true);
	ok(strcmp(b.data, "a\\x00b") == 0, "a NUL is visible too");
}

int
main(void)
{
	test_next();
	test_valid();
	test_cut();
	test_safe();
	return done();
}
