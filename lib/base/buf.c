#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_free(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
buf_reserve(struct buf *b, size_t more)
{
	size_t want;

	if (__builtin_add_overflow(b->len, more, &want) ||
	    __builtin_add_overflow(want, 1, &want))
		want = SIZE_MAX; /* mem_grow refuses it */
	if (want <= b->cap)
		return;
	if (want < b->cap + b->cap / 2)
		want = b->cap + b->cap / 2;
	if (want < 64)
		want = 64;
	b->data = mem_grow(b->data, want, 1);
	b->data[b->len] = '\0';
	b->cap = want;
}

static size_t
room(const struct buf *b)
{
	size_t max = b->max == 0 ? BUF_UNBOUNDED : b->max;

	return b->len >= max ? 0 : max - b->len;
}

void
buf_add(struct buf *b, const void *data, size_t n)
{
	if (n > room(b)) {
		n = room(b);
		b->full = true;
	}
	if (n == 0)
		return;
	buf_reserve(b, n);
	memcpy(b->data + b->len, data, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[256], *s = small;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= sizeof(small)) {
		s = mem_grow(NULL, (size_t)n + 1, 1);
		va_start(ap, fmt);
		n = vsnprintf(s, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	if (n > 0)
		buf_add(b, s, (size_t)n);
	if (s != small)
		free(s);
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

void
buf_drop(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
	} else if (n > 0) {
		memmove(b->data, b->data + n, b->len - n);
		b->len -= n;
	}
	if (b->data != NULL)
		b->data[b->len] = '\0';
}

const char *
buf_str(const struct buf *b)
{
	return b->data == NULL ? "" : b->data;
}

char *
buf_steal(struct buf *b)
{
	char *s = b->data == NULL ? mem_dup("", 0) : b->data;

	b->data = NULL;
	b->len = b->cap = 0;
	return s;
}

ssize_t
buf_read(struct buf *b, int fd, size_t most)
{
	ssize_t n;

	if (most > room(b))
		most = room(b);
	if (most == 0) {
		b->full = true;
		errno = EMSGSIZE;
		return -1;
	}
	buf_reserve(b, most);
	do
		n = read(fd, b->data + b->len, most);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		b->len += (size_t)n;
	b->data[b->len] = '\0';
	return n;
}
