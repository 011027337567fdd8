#include "base/jsonw.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

static void
put_escape(struct buf *b, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *which = memchr(from, c, sizeof(from) - 1);

	if (c == 0)
		buf_puts(b, "\xef\xbf\xbd");
	else if (which != NULL)
		buf_printf(b, "\\%c", to[which - from]);
	else
		buf_printf(b, "\\u%04x", c);
}

static void
put_valid(struct buf *b, const char *s, size_t len)
{
	size_t i, from = 0;
	unsigned char c;

	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, s + from, i - from);
		put_escape(b, c);
		from = i + 1;
	}
	buf_add(b, s + from, len - from);
}

void
json_quote(struct buf *b, const char *s, size_t len)
{
	size_t n;

	buf_reserve(b, len + 2);
	buf_putc(b, '"');
	while (len > 0) {
		n = utf8_valid(s, len);
		put_valid(b, s, n);
		s += n;
		len -= n;
		if (len > 0) {
			buf_puts(b, "\xef\xbf\xbd");
			s++;
			len--;
		}
	}
	buf_putc(b, '"');
}

static void
start(struct jsonw *w, const char *key)
{
	if (w->comma)
		buf_putc(w->out, ',');
	w->comma = true;
	if (key != NULL) {
		json_quote(w->out, key, strlen(key));
		buf_putc(w->out, ':');
	}
}

void
jsonw_object(struct jsonw *w, const char *key)
{
	start(w, key);
	buf_putc(w->out, '{');
	w->comma = false;
}

void
jsonw_array(struct jsonw *w, const char *key)
{
	start(w, key);
	buf_putc(w->out, '[');
	w->comma = false;
}

void
jsonw_end(struct jsonw *w, char close)
{
	buf_putc(w->out, close);
	w->comma = true;
}

void
jsonw_string(struct jsonw *w, const char *key, const char *s)
{
	jsonw_text(w, key, s, strlen(s));
}

void
jsonw_text(struct jsonw *w, const char *key, const char *s, size_t len)
{
	start(w, key);
	json_quote(w->out, s, len);
}

void
jsonw_integer(struct jsonw *w, const char *key, int64_t v)
{
	start(w, key);
	buf_printf(w->out, "%" PRId64, v);
}

void
jsonw_bool(struct jsonw *w, const char *key, bool v)
{
	start(w, key);
	buf_puts(w->out, v ? "true" : "false");
}

void
jsonw_null(struct jsonw *w, const char *key)
{
	start(w, key);
	buf_puts(w->out, "null");
}

void
jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t len)
{
	start(w, key);
	buf_add(w->out, json, len);
}

void
jsonw_maybe(struct jsonw *w, const char *key, const char *s)
{
	if (s != NULL)
		jsonw_string(w, key, s);
}

void
jsonw_digest(struct jsonw *w, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	jsonw_text(w, key, hex, DIGEST_HEX);
}
