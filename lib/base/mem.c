#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

static NORETURN void
out_of_memory(void)
{
	static const char msg[] = "agentutils: out of memory\n";

	(void)!write(STDERR_FILENO, msg, sizeof(msg) - 1);
	_exit(EX_OSERR);
}

static size_t
total(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX)
		out_of_memory();
	return bytes == 0 ? 1 : bytes;
}

void *
mem_new(size_t n, size_t size)
{
	void *p = calloc(1, total(n, size));

	if (p == NULL)
		out_of_memory();
	return p;
}

void *
mem_grow(void *old, size_t n, size_t size)
{
	void *p = realloc(old, total(n, size));

	if (p == NULL)
		out_of_memory();
	return p;
}

char *
mem_dup(const void *data, size_t n)
{
	char *p;

	if (n == SIZE_MAX)
		out_of_memory();
	p = mem_grow(NULL, n + 1, 1);
	if (n > 0)
		memcpy(p, data, n);
	p[n] = '\0';
	return p;
}

char *
mem_strdup(const char *s)
{
	return s == NULL ? NULL : mem_dup(s, strlen(s));
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		out_of_memory();
	va_end(ap);
	return s;
}

void
mem_room(void *items, size_t count, size_t *cap, size_t size)
{
	void *p;

	if (count < *cap)
		return;
	*cap = *cap == 0 ? 8 : *cap * 2;
	memcpy(&p, items, sizeof(p));
	p = mem_grow(p, *cap, size);
	memcpy(items, &p, sizeof(p));
}

void
mem_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

void
mem_cleanup(void *p)
{
	void *q;

	memcpy(&q, p, sizeof(q));
	free(q);
}
