#include "base/utf8.h"

#include <string.h>

size_t
utf8_next(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *u = (const unsigned char *)s;
	uint32_t v;
	size_t n, i;

	if (len == 0)
		return 0;
	if (u[0] < 0x80) {
		n = 1;
		v = u[0];
	} else if (u[0] >= 0xc2 && u[0] < 0xe0) {
		n = 2;
		v = u[0] & 0x1f;
	} else if (u[0] >= 0xe0 && u[0] < 0xf0) {
		n = 3;
		v = u[0] & 0x0f;
	} else if (u[0] >= 0xf0 && u[0] < 0xf5) {
		n = 4;
		v = u[0] & 0x07;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (u[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	if (cp != NULL)
		*cp = v;
	return n;
}

/* Eight bytes at a time while all are ASCII. */
static size_t
ascii_run(const char *s, size_t len)
{
	size_t i = 0;
	uint64_t w;

	while (i + sizeof(w) <= len) {
		memcpy(&w, s + i, sizeof(w));
		if ((w & UINT64_C(0x8080808080808080)) != 0)
			break;
		i += sizeof(w);
	}
	while (i < len && (unsigned char)s[i] < 0x80)
		i++;
	return i;
}

size_t
utf8_valid(const char *s, size_t len)
{
	size_t i = 0, n;

	while (i < len) {
		i += ascii_run(s + i, len - i);
		if (i == len)
			break;
		n = utf8_next(s + i, len - i, NULL);
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

void
utf8_repair(struct buf *b, const char *s, size_t len)
{
	size_t n;

	while (len > 0) {
		n = utf8_valid(s, len);
		buf_add(b, s, n);
		s += n;
		len -= n;
		if (len > 0) {
			buf_puts(b, "\xef\xbf\xbd");
			s++;
			len--;
		}
	}
}

size_t
utf8_cut(const char *s, size_t len, size_t most)
{
	size_t n = most, back;

	if (len <= most)
		return len;
	for (back = 0; back < 4; back++, n--) {
		if (((unsigned char)s[n] & 0xc0) != 0x80)
			return n;
		if (n == 0)
			break;
	}
	return most; /* not UTF-8 */
}

/* Characters that change how others are shown, or show nothing at all. */
static bool
is_deceptive(uint32_t cp)
{
	return (cp >= 0x80 && cp < 0xa0) || cp == 0xad || cp == 0x61c ||
	       (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff ||
	       (cp >= 0xfff9 && cp <= 0xfffb) ||
	       (cp >= 0xe0000 && cp <= 0xe007f);
}

void
utf8_safe(struct buf *b, const char *s, size_t len, bool lines)
{
	uint32_t cp;
	size_t n;

	while (len > 0) {
		n = utf8_next(s, len, &cp);
		if (n == 0) {
			buf_printf(b, "\\x%02x", (unsigned char)*s);
			n = 1;
		} else if (lines && (cp == '\n' || cp == '\t')) {
			buf_putc(b, (char)cp);
		} else if (cp < 0x20 || cp == 0x7f) {
			buf_printf(b, "\\x%02x", (unsigned)cp);
		} else if (is_deceptive(cp)) {
			buf_printf(b, "<U+%04X>", (unsigned)cp);
		} else {
			buf_add(b, s, n);
		}
		s += n;
		len -= n;
	}
}
