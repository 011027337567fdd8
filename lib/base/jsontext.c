#include "base/jsontext.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

/* A reader over the text; `p` only moves forward. */
struct scan {
	const char *p, *end;
	const char *why; /* what was wrong at p */
};

static bool scan_value(struct scan *, unsigned depth);

static bool
wrong(struct scan *s, const char *why)
{
	if (s->why == NULL)
		s->why = why;
	return false;
}

static int
peek(const struct scan *s)
{
	return s->p < s->end ? (unsigned char)*s->p : -1;
}

static void
space(struct scan *s)
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
static long
unicode_escape(const char *p, const char *end, size_t *used)
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

	switch (peek(s)) {
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
		cp = unicode_escape(s->p, s->end, &used);
		if (cp < 0)
			return wrong(s, "bad \\u escape");
		if (cp == 0)
			return wrong(s, "NUL in a string");
		break;
	default:
		return wrong(s, "bad escape");
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

static bool
scan_string(struct scan *s)
{
	const char *from = ++s->p;
	size_t n;

	for (;;) {
		skip_plain(s);
		n = utf8_valid(from, (size_t)(s->p - from));
		if (n < (size_t)(s->p - from)) {
			s->p = from + n;
			return wrong(s, "bad UTF-8");
		}
		if (s->p == s->end)
			return wrong(s, "unclosed string");
		if (*s->p == '"')
			break;
		if (*s->p != '\\')
			return wrong(s, "control character in a string");
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
	if (!is_digit(peek(s)))
		return wrong(s, "bad number");
	while (is_digit(peek(s)))
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
	if (peek(s) == '0')
		s->p++;
	else if (!digits(s))
		return false;
	if (peek(s) == '.') {
		integer = false;
		s->p++;
		if (!digits(s))
			return false;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		integer = false;
		s->p++;
		if (peek(s) == '+' || peek(s) == '-')
			s->p++;
		if (!digits(s))
			return false;
	}
	if (s->p - from <= 15 && integer)
		return true;
	if (number_fits(from, (size_t)(s->p - from), integer))
		return true;
	s->p = from;
	return wrong(s, "number out of range");
}

static bool
scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return wrong(s, "unknown word");
	s->p += n;
	return true;
}

/* After an element: true to go on with the next, with the comma taken. */
static bool
more(struct scan *s, char close, bool *ok)
{
	space(s);
	if (peek(s) == close) {
		s->p++;
		return false;
	}
	if (peek(s) != ',') {
		*ok = wrong(s, "expected a comma or the end");
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
	space(s);
	if (peek(s) == close) {
		s->p++;
		return true;
	}
	do {
		space(s);
		if (close == '}') {
			if (peek(s) != '"')
				return wrong(s, "expected a name");
			if (!scan_string(s))
				return false;
			space(s);
			if (peek(s) != ':')
				return wrong(s, "expected a colon");
			s->p++;
		}
		if (!scan_value(s, depth + 1))
			return false;
	} while (more(s, close, &ok));
	return ok;
}

static bool
scan_value(struct scan *s, unsigned depth)
{
	if (depth > JSON_DEPTH)
		return wrong(s, "too deep");
	space(s);
	switch (peek(s)) {
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
		return wrong(s, "unexpected end");
	default:
		if (*s->p == '-' || is_digit(peek(s)))
			return scan_number(s);
		return wrong(s, "expected a value");
	}
}

int
json_check(const char *text, size_t len, struct err *e)
{
	struct scan s = {text, text, NULL};

	if (len > 0)
		s.end += len; /* an empty text may be NULL */
	if (scan_value(&s, 1)) {
		space(&s);
		if (s.p == s.end)
			return 0;
		(void)wrong(&s, "something after the value");
	}
	return err_set(e, EX_DATAERR, 0, "bad JSON at byte %zu: %s",
	    (size_t)(s.p - text), s.why);
}

int
json_raw(struct slice text, const char *key, struct slice *out)
{
	struct scan s = {text.data, text.data + text.len, NULL};
	size_t n = strlen(key), len;
	const char *name, *value;

	space(&s);
	if (peek(&s) != '{')
		return -1;
	for (s.p++; s.p < s.end; s.p++) { /* past '{' or ',' */
		space(&s);
		if (peek(&s) != '"')
			return -1;
		name = s.p + 1;
		(void)scan_string(&s);
		len = (size_t)(s.p - 1 - name);
		space(&s);
		s.p++;
		space(&s);
		value = s.p;
		(void)scan_value(&s, 1);
		if (len == n && memcmp(name, key, n) == 0) {
			*out = (struct slice){value, (size_t)(s.p - value)};
			return 0;
		}
		space(&s);
		if (peek(&s) != ',')
			return -1;
	}
	return -1;
}

int
json_raw_next(struct slice array, size_t *at, struct slice *out)
{
	struct scan s = {array.data + *at, array.data + array.len, NULL};

	space(&s);
	if (peek(&s) != (*at == 0 ? '[' : ','))
		return 0;
	s.p++;
	space(&s);
	if (peek(&s) == ']' || s.p == s.end)
		return 0;
	out->data = s.p;
	(void)scan_value(&s, 1);
	out->len = (size_t)(s.p - out->data);
	*at = (size_t)(s.p - array.data);
	return 1;
}

static void
put_code_point(struct buf *b, unsigned long cp)
{
	char c[4];

	if (cp < 0x80) {
		buf_putc(b, (char)cp);
	} else if (cp < 0x800) {
		c[0] = (char)(0xc0 | cp >> 6);
		c[1] = (char)(0x80 | (cp & 63));
		buf_add(b, c, 2);
	} else if (cp < 0x10000) {
		c[0] = (char)(0xe0 | cp >> 12);
		c[1] = (char)(0x80 | (cp >> 6 & 63));
		c[2] = (char)(0x80 | (cp & 63));
		buf_add(b, c, 3);
	} else {
		c[0] = (char)(0xf0 | cp >> 18);
		c[1] = (char)(0x80 | (cp >> 12 & 63));
		c[2] = (char)(0x80 | (cp >> 6 & 63));
		c[3] = (char)(0x80 | (cp & 63));
		buf_add(b, c, 4);
	}
}

void
json_unquote(struct buf *b, struct slice token)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *p = token.data + 1, *end = token.data + token.len - 1;
	const char *esc, *which;
	size_t used;
	long cp;

	while (p < end) {
		esc = memchr(p, '\\', (size_t)(end - p));
		if (esc == NULL)
			esc = end;
		buf_add(b, p, (size_t)(esc - p));
		p = esc;
		if (p + 1 >= end)
			break;
		p++;
		if (*p == 'u') {
			cp = unicode_escape(p, end, &used);
			put_code_point(b, cp < 0 ? 0xfffd : (unsigned long)cp);
			p += used;
			continue;
		}
		which = memchr(from, *p, sizeof(from) - 1);
		buf_putc(b, which == NULL ? *p : to[which - from]);
		p++;
	}
}
