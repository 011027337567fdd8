#include "base/secretmatch.h"

/* JSON strings within each other that are seen through: what a tool is given
 * as text, within its arguments, within a message. */
#define DEPTH 3

/* Line breaks in a row that may stand in base64. */
#define BREAKS 4

enum { END = -1, BAD = -2 };

/* Bytes of a text, seen through so many JSON strings (RFC 8259, 7). */
struct cursor {
	const char *s;
	size_t n, at;
	bool escaped; /* a backslash was met */
	struct {
		char byte[4]; /* of one \u escape: not yet taken */
		unsigned count, i;
	} level[DEPTH + 1];
};

static int take(struct cursor *c, unsigned depth);

static int
hex_value(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits. */
static int
take_unit(struct cursor *c, unsigned depth)
{
	int unit = 0, got, i;

	for (i = 0; i < 4; i++) {
		got = take(c, depth);
		if (got < 0)
			return got;
		got = hex_value(got);
		if (got < 0)
			return BAD;
		unit = unit << 4 | got;
	}
	return unit;
}

static unsigned
put_character(char out[4], unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* After "\u". */
static int
take_character(struct cursor *c, unsigned depth)
{
	int unit = take_unit(c, depth - 1), low, got;

	if (unit >= 0xd800 && unit < 0xdc00) {
		got = take(c, depth - 1);
		if (got == '\\')
			got = take(c, depth - 1);
		if (got != 'u')
			return got == END ? END : BAD;
		low = take_unit(c, depth - 1);
		if (low < 0)
			return low;
		if (low < 0xdc00 || low > 0xdfff)
			return BAD;
		unit = 0x10000 + (unit - 0xd800) * 1024 + (low - 0xdc00);
	}
	if (unit < 0)
		return unit;
	c->level[depth].count =
	    put_character(c->level[depth].byte, (unsigned)unit);
	c->level[depth].i = 1;
	return (unsigned char)c->level[depth].byte[0];
}

static int
unescape(struct cursor *c, unsigned depth)
{
	int got = take(c, depth - 1);

	switch (got) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		return take_character(c, depth);
	case '"':
	case '/':
	case '\\':
	case END:
		return got;
	default:
		return BAD;
	}
}

static int
take(struct cursor *c, unsigned depth)
{
	int got;

	if (depth == 0) {
		if (c->at == c->n)
			return END;
		if (c->s[c->at] == '\\')
			c->escaped = true;
		return (unsigned char)c->s[c->at++];
	}
	if (c->level[depth].i < c->level[depth].count)
		return (unsigned char)c->level[depth].byte[c->level[depth].i++];
	got = take(c, depth - 1);
	return got == '\\' ? unescape(c, depth) : got;
}

/* ---- the forms ------------------------------------------------------------ */

static size_t
match_plain(const struct secret *x, struct cursor *c, unsigned depth)
{
	size_t i;
	int got;

	for (i = 0; i < x->len; i++) {
		got = take(c, depth);
		if (got != (unsigned char)x->value[i])
			return got == END ? SECRET_MORE : 0;
	}
	return c->at;
}

/* The same, URL-encoded or not ('%' always is). */
static size_t
match_url(const struct secret *x, struct cursor *c, unsigned depth)
{
	size_t i;
	int got, j;

	for (i = 0; i < x->len; i++) {
		int want = (unsigned char)x->value[i];

		got = take(c, depth);
		if (got == '%') {
			for (j = 4; j >= 0; j -= 4) {
				got = take(c, depth);
				if (got == END)
					return SECRET_MORE;
				if (hex_value(got) != (want >> j & 15))
					return 0;
			}
		} else if (got != want && (got != '+' || want != ' ')) {
			return got == END ? SECRET_MORE : 0;
		}
	}
	return c->at;
}

static bool
same_digit(char standard, int c)
{
	return c == (unsigned char)standard || (standard == '+' && c == '-') ||
	       (standard == '/' && c == '_');
}

/* Encoders break lines: they are passed over.  The character of the value's
 * last bits goes too where these are all that it holds. */
static size_t
match_base64(
    const struct secret_base64 *b, struct cursor *c, unsigned depth, bool last)
{
	size_t i = 0, at = 0;
	int got, breaks = 0;

	while (i < b->len) {
		got = take(c, depth);
		if (got == END && !last)
			return SECRET_MORE;
		if (got != END && same_digit(b->text[i], got)) {
			i++;
			at = c->at;
			breaks = 0;
		} else if (i == 0 || (got != '\n' && got != '\r') ||
			   ++breaks > BREAKS) {
			break;
		}
	}
	return i < b->sure ? 0 : at;
}

static size_t
match_form(const struct secret *x, size_t form, unsigned depth,
    struct cursor *c, bool last)
{
	if (form == 0)
		return match_plain(x, c, depth);
	if (form == 1)
		return match_url(x, c, depth);
	return match_base64(&x->base64[form - 2], c, depth, last);
}

/* What the text begins with, through 0, 1, ... strings. */
static void
first_bytes(const char *s, size_t n, int first[DEPTH + 1])
{
	unsigned depth;

	for (depth = 0; depth <= DEPTH; depth++) {
		struct cursor c;

		first[depth] = (unsigned char)s[0];
		if (depth == 0 || s[0] != '\\')
			continue;
		c = (struct cursor){.s = s, .n = n};
		first[depth] = take(&c, depth);
	}
}

/* Cheap, and nearly always no. */
static bool
can_begin(const struct secret *x, size_t form, int c)
{
	if (c == END)
		return true;
	if (form >= 2)
		return same_digit(x->base64[form - 2].text[0], c);
	return c == (unsigned char)x->value[0] ||
	       (form == 1 && (c == '%' || (c == '+' && x->value[0] == ' ')));
}

/* The longest that any depth of one form takes at `s`. */
static size_t
match_depths(const struct secret *x, size_t form, const int first[DEPTH + 1],
    const char *s, size_t n, bool last)
{
	size_t best = 0, got;
	unsigned depth;

	for (depth = 0; depth <= DEPTH; depth++) {
		struct cursor c;

		if (!can_begin(x, form, first[depth]))
			continue;
		c = (struct cursor){.s = s, .n = n};
		got = match_form(x, form, depth, &c, last);
		if (got == SECRET_MORE && !last)
			return SECRET_MORE;
		if (got != SECRET_MORE && got > best)
			best = got;
		if (!c.escaped)
			break; /* deeper it is the same */
	}
	return best;
}

size_t
secret_match(const struct secrets *all, const char *s, size_t n, bool last,
    const char **name)
{
	size_t best = 0, got, i, form;
	int first[DEPTH + 1];

	first_bytes(s, n, first);
	for (i = 0; i < all->count; i++) {
		const struct secret *x = &all->list[i];

		for (form = 0; form < 2 + COUNT_OF(x->base64); form++) {
			got = match_depths(x, form, first, s, n, last);
			if (got == SECRET_MORE)
				return SECRET_MORE;
			if (got > best) {
				best = got;
				*name = x->name;
			}
		}
	}
	return best;
}
