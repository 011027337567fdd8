#include "base/jsonscan.h"

#include <string.h>

int
json_check(const char *text, size_t len, struct err *e)
{
	struct scan s = {text, text, NULL};

	if (len > 0)
		s.end += len; /* an empty text may be NULL */
	if (scan_value(&s, 1)) {
		scan_space(&s);
		if (s.p == s.end)
			return 0;
		(void)scan_wrong(&s, "something after the value");
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

	scan_space(&s);
	if (scan_peek(&s) != '{')
		return -1;
	for (s.p++; s.p < s.end; s.p++) { /* past '{' or ',' */
		scan_space(&s);
		if (scan_peek(&s) != '"')
			return -1;
		name = s.p + 1;
		(void)scan_string(&s);
		len = (size_t)(s.p - 1 - name);
		scan_space(&s);
		s.p++;
		scan_space(&s);
		value = s.p;
		(void)scan_value(&s, 1);
		if (len == n && memcmp(name, key, n) == 0) {
			*out = (struct slice){value, (size_t)(s.p - value)};
			return 0;
		}
		scan_space(&s);
		if (scan_peek(&s) != ',')
			return -1;
	}
	return -1;
}

/* Behind a brace or comma: a member, 1; or the brace that ends an empty
 * object, 0. */
static int
next_member(struct scan *s, bool first, struct slice *name, struct slice *value)
{
	scan_space(s);
	if (first && scan_peek(s) == '}')
		return 0;
	if (scan_peek(s) != '"') {
		(void)scan_wrong(s, "expected a name");
		return -1;
	}
	name->data = s->p + 1;
	if (!scan_string(s))
		return -1;
	name->len = (size_t)(s->p - 1 - name->data);
	scan_space(s);
	if (scan_peek(s) != ':') {
		(void)scan_wrong(s, "expected a colon");
		return -1;
	}
	s->p++;
	scan_space(s);
	value->data = s->p;
	if (!scan_value(s, 2))
		return -1;
	value->len = (size_t)(s->p - value->data);
	return 1;
}

/* At an object's closing brace: nothing but space may follow. */
static int
object_end(struct scan *s)
{
	s->p++;
	scan_space(s);
	if (s->p == s->end)
		return 0;
	(void)scan_wrong(s, "something after the value");
	return -1;
}

int
json_raw_member(struct slice object, size_t *at, struct slice *name,
    struct slice *value, struct err *e)
{
	struct scan s = {object.data, object.data, NULL};
	struct slice n = {0}, v = {0};
	bool first = *at == 0;
	int got = -1;

	if (object.len > 0) {
		s.p += *at;
		s.end += object.len;
	}
	scan_space(&s);
	if (scan_peek(&s) == (first ? '{' : ',')) {
		s.p++;
		got = next_member(&s, first, &n, &v);
		if (got == 0)
			got = object_end(&s);
	} else if (!first && scan_peek(&s) == '}') {
		got = object_end(&s);
	} else {
		(void)scan_wrong(&s, "expected an object's member");
	}
	if (got < 0)
		return err_set(e, EX_DATAERR, 0, "bad JSON at byte %zu: %s",
		    (size_t)(s.p - object.data), s.why);
	*at = (size_t)(s.p - object.data);
	if (got == 1) {
		*name = n;
		*value = v;
	}
	return got;
}

int
json_raw_next(struct slice array, size_t *at, struct slice *out)
{
	struct scan s = {array.data + *at, array.data + array.len, NULL};

	scan_space(&s);
	if (scan_peek(&s) != (*at == 0 ? '[' : ','))
		return 0;
	s.p++;
	scan_space(&s);
	if (scan_peek(&s) == ']' || s.p == s.end)
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
			cp = scan_unicode(p, end, &used);
			put_code_point(b, cp < 0 ? 0xfffd : (unsigned long)cp);
			p += used;
			continue;
		}
		which = memchr(from, *p, sizeof(from) - 1);
		buf_putc(b, which == NULL ? *p : to[which - from]);
		p++;
	}
}
