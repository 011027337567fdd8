#include "base/jsonscan.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

bool
scan_wrong(struct scan *s, const char *why)
{
	if (s->why == NULL)
		s->why = why;
	return false;
}

int
scan_peek(const struct scan *s)
{
	return s->p < s->end ? (unsigned char)*s->p : -1;
}

void
scan_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' ||
				    *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool
is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static int
hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at p; -1 if they are not. */
static long
hex4(const char *p, const char *end)
{
	long v = 0;
	int i, d;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		d = hex_value((unsigned char)p[i]);
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* The code point of an escape whose 'u' is at p; `*used` characters with the
 * 'u'.  -1 when it is not one. */
long
scan_unicode(const char *p, const char *end, size_t *used)
{
	long hi = hex4(p + 1, end), lo;

	*used = 5;
	if (hi < 0xd800 || hi > 0xdfff)
		return hi;
	if (hi > 0xdbff || end - p < 11 || p[5] != '\\' || p[6] != 'u')
		return -1;
	lo = hex4(p + 7, end);
	if (lo < 0xdc00 || lo > 0xdfff)
		return -1;
	*used = 11;
	return 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
}

static bool
scan_escape(struct scan *s)
{
	size_t used = 1;
	long cp;

	switch (scan_peek(s)) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		break;
	case 'u':
		cp = scan_unicode(s->p, s->end, &used);
		if (cp < 0)
			return scan_wrong(s, "bad \\u escape");
		if (cp == 0)
			return scan_wrong(s, "NUL in a string");
		break;
	default:
		return scan_wrong(s, "bad escape");
	}
	s->p += used;
	return true;
}

/* Are all of eight bytes such that a string goes on with them as they are?
 * (Bit Twiddling Hacks: a zero byte in a word, a byte less than n.) */
static bool
all_plain(const char *p)
{
	const uint64_t one = UINT64_C(0x0101010101010101);
	uint64_t w, quote, slash;

	memcpy(&w, p, sizeof(w));
	quote = w ^ one * '"';
	slash = w ^ one * '\\';
	return ((((w - one * 0x20) & ~w) | ((quote - one) & ~quote) |
		    ((slash - one) & ~slash)) &
		   one << 7) == 0;
}

static void
skip_plain(struct scan *s)
{
	while (s->end - s->p >= 8 && all_plain(s->p))
		s->p += 8;
	while (s->p < s->end && *s->p != '"' && *s->p != '\\' &&
	       (unsigned char)*s->p >= 0x20)
		s->p++;
}

bool
scan_string(struct scan *s)
{
	const char *from = ++s->p;
	size_t n;

	for (;;) {
		skip_plain(s);
		n = utf8_valid(from, (size_t)(s->p - from));
		if (n < (size_t)(s->p - from)) {
			s->p = from + n;
			return scan_wrong(s, "bad UTF-8");
		}
		if (s->p == s->end)
			return scan_wrong(s, "unclosed string");
		if (*s->p == '"')
			break;
		if (*s->p != '\\')
			return scan_wrong(s, "control character in a string");
		s->p++;
		if (!scan_escape(s))
			return false;
		from = s->p;
	}
	s->p++;
	return true;
}

static bool
digits(struct scan *s)
{
	if (!is_digit(scan_peek(s)))
		return scan_wrong(s, "bad number");
	while (is_digit(scan_peek(s)))
		s->p++;
	return true;
}

/* The range of a number that has the right form: integers are kept exactly
 * by a double, others are finite. */
static bool
number_fits(const char *p, size_t len, bool integer)
{
	char text[512];
	int64_t v;
	double d;

	if (len >= sizeof(text))
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	if (integer)
		return num_int(text, -((int64_t)1 << 53), (int64_t)1 << 53,
			   &v) == 0;
	return num_double(text, &d) == 0;
}

static bool
scan_number(struct scan *s)
{
	const char *from = s->p;
	bool integer = true;

	if (*s->p == '-')
		s->p++;
	if (scan_peek(s) == '0')
		s->p++;
	else if (!digits(s))
		return false;
	if (scan_peek(s) == '.') {
		integer = false;
		s->p++;
		if (!digits(s))
			return false;
	}
	if (scan_peek(s) == 'e' || scan_peek(s) == 'E') {
		integer = false;
		s->p++;
		if (scan_peek(s) == '+' || scan_peek(s) == '-')
			s->p++;
		if (!digits(s))
			return false;
	}
	if (s->p - from <= 15 && integer)
		return true;
	if (number_fits(from, (size_t)(s->p - from), integer))
		return true;
	s->p = from;
	return scan_wrong(s, "number out of range");
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return scan_wrong(s, "unknown word");
	s->p += n;
	return true;
}

/* After an element: true to go on with the next, with the comma taken. */
static bool
more(struct scan *s, char close, bool *ok)
{
	scan_space(s);
	if (scan_peek(s) == close) {
		s->p++;
		return false;
	}
	if (scan_peek(s) != ',') {
		*ok = scan_wrong(s, "expected a comma or the end");
		return false;
	}
	s->p++;
	return true;
}

static bool
scan_members(struct scan *s, unsigned depth, char close)
{
	bool ok = true;

	s->p++;
	scan_space(s);
	if (scan_peek(s) == close) {
		s->p++;
		return true;
	}
	do {
		scan_space(s);
		if (close == '}') {
			if (scan_peek(s) != '"')
				return scan_wrong(s, "expected a name");
			if (!scan_string(s))
				return false;
			scan_space(s);
			if (scan_peek(s) != ':')
				return scan_wrong(s, "expected a colon");
			s->p++;
		}
		if (!scan_value(s, depth + 1))
			return false;
	} while (more(s, close, &ok));
	return ok;
}

bool
scan_value(struct scan *s, unsigned depth)
{
	if (depth > JSON_DEPTH)
		return scan_wrong(s, "too deep");
	scan_space(s);
	switch (scan_peek(s)) {
	case '{':
		return scan_members(s, depth, '}');
	case '[':
		return scan_members(s, depth, ']');
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	case -1:
		return scan_wrong(s, "unexpected end");
	default:
		if (*s->p == '-' || is_digit(scan_peek(s)))
			return scan_number(s);
		return scan_wrong(s, "expected a value");
	}
}
