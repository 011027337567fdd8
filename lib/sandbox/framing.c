#include "sandbox/framing.h"

#include <string.h>

#include "base/cc.h"

enum { LINE_MOST = 1024, TRAILERS_MOST = 16384 };

enum {
	CHUNK_SIZE, /* first digit */
	CHUNK_DIGITS,
	CHUNK_EXTENSION, /* until CR */
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER, /* at the beginning of a line */
	CHUNK_TRAILER_LINE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF
};

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
size_digit(struct framing *f, char c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		if (f->left >> 56 != 0)
			return -1;
		f->left = f->left << 4 | (uint64_t)digit;
		f->state = CHUNK_DIGITS;
		return 0;
	}
	if (f->state == CHUNK_SIZE)
		return -1;
	if (c == ';')
		f->state = CHUNK_EXTENSION;
	else if (c == '\r')
		f->state = CHUNK_SIZE_LF;
	else
		return -1;
	return 0;
}

/* Text of a line, which ends in CR and LF. */
static int
line_byte(struct framing *f, char c, int after, size_t most)
{
	if (++f->line > most || c == '\n' || c == '\0')
		return -1;
	if (c == '\r')
		f->state = after;
	return 0;
}

static int
expect(struct framing *f, char got, char want, int next)
{
	f->state = next;
	return got == want ? 0 : -1;
}

/* One byte that is not the body's. */
static int
chunk_byte(struct framing *f, char c)
{
	switch (f->state) {
	case CHUNK_SIZE:
	case CHUNK_DIGITS:
		return size_digit(f, c);
	case CHUNK_EXTENSION:
		return line_byte(f, c, CHUNK_SIZE_LF, LINE_MOST);
	case CHUNK_SIZE_LF:
		f->line = 0;
		return expect(
		    f, c, '\n', f->left == 0 ? CHUNK_TRAILER : CHUNK_DATA);
	case CHUNK_DATA_CR:
		return expect(f, c, '\r', CHUNK_DATA_LF);
	case CHUNK_DATA_LF:
		return expect(f, c, '\n', CHUNK_SIZE);
	case CHUNK_TRAILER:
		f->state = c == '\r' ? CHUNK_END_LF : CHUNK_TRAILER_LINE;
		return c == '\r' || (c != '\n' && c != '\0') ? 0 : -1;
	case CHUNK_TRAILER_LINE:
		return line_byte(f, c, CHUNK_TRAILER_LF, TRAILERS_MOST);
	case CHUNK_TRAILER_LF:
		return expect(f, c, '\n', CHUNK_TRAILER);
	default: /* CHUNK_END_LF */
		f->done = true;
		return c == '\n' ? 0 : -1;
	}
}

static ssize_t
decode_chunks(struct framing *f, const char *data, size_t n, struct buf *out)
{
	size_t i = 0, take;

	while (i < n && !f->done) {
		if (f->state != CHUNK_DATA) {
			if (chunk_byte(f, data[i++]) < 0)
				return -1;
			continue;
		}
		take = n - i < f->left ? n - i : (size_t)f->left;
		buf_add(out, data + i, take);
		i += take;
		f->left -= take;
		if (f->left == 0)
			f->state = CHUNK_DATA_CR;
	}
	return (ssize_t)i;
}

ssize_t
framing_decode(struct framing *f, const char *data, size_t n, struct buf *out)
{
	size_t take = n;

	switch (f->kind) {
	case FRAMING_NONE:
		f->done = true;
		return 0;
	case FRAMING_LENGTH:
		if (take > f->left)
			take = (size_t)f->left;
		buf_add(out, data, take);
		f->left -= take;
		f->done = f->left == 0;
		return (ssize_t)take;
	case FRAMING_CHUNKED:
		return decode_chunks(f, data, n, out);
	case FRAMING_CLOSE:
		buf_add(out, data, n);
		return (ssize_t)n;
	}
	return -1;
}

void
framing_encode(
    const struct framing *f, const char *data, size_t n, struct buf *out)
{
	bool chunked = f->kind == FRAMING_CHUNKED;

	if (n == 0)
		return; /* an empty chunk is the end */
	if (chunked)
		buf_printf(out, "%zx\r\n", n);
	buf_add(out, data, n);
	if (chunked)
		buf_puts(out, "\r\n");
}

void
framing_encode_end(const struct framing *f, struct buf *out)
{
	if (f->kind == FRAMING_CHUNKED)
		buf_puts(out, "0\r\n\r\n");
}
