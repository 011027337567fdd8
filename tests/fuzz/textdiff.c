/*
 * Two texts, parted by the first NUL: the hunks from one to the other, applied
 * as patch(1) would, give the other, and the counts are those of the hunks.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/textdiff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reading {
	const char *at, *end;
};

static struct slice
line_of(struct reading *r)
{
	const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
	struct slice s = {r->at, 0};

	assert(r->at < r->end);
	r->at = nl == NULL ? r->end : nl + 1;
	s.len = (size_t)(r->at - s.data);
	return s;
}

static size_t
number(const char **p)
{
	char *end;
	size_t n = strtoull(*p, &end, 10);

	assert(end > *p);
	*p = end;
	return n;
}

/* " -3,4": the first line, from 0, and how many. */
static size_t
range(const char **p, char mark, size_t *count)
{
	size_t first;

	assert((*p)[0] == ' ' && (*p)[1] == mark);
	*p += 2;
	first = number(p);
	*count = 1;
	if (**p == ',') {
		++*p;
		*count = number(p);
	}
	return *count == 0 ? first : first - 1;
}

/* Lines of a hunk; the counts of its head are used up. */
static void
apply_hunk(struct reading *hunks, struct reading *a, size_t *at, size_t n,
    size_t m, struct buf *out, struct textdiff_counts *c)
{
	while (n > 0 || m > 0) {
		struct slice l = line_of(hunks), was;
		char mark = l.data[0];
		bool last = hunks->at < hunks->end && hunks->at[0] == '\\';

		if (last)
			(void)line_of(hunks);
		l = (struct slice){l.data + 1, l.len - 1 - last};
		if (mark != '+') {
			was = line_of(a);
			++*at;
			assert(n-- > 0);
			assert(was.len == l.len);
			assert(memcmp(was.data, l.data, l.len) == 0);
		}
		if (mark != '-') {
			assert(m-- > 0);
			buf_add(out, l.data, l.len);
		}
		assert(mark == ' ' || mark == '-' || mark == '+');
		c->added += mark == '+';
		c->removed += mark == '-';
	}
}

static void
check(struct slice a, struct slice b, size_t context)
{
	struct buf out CLEANUP_BUF = {0}, made CLEANUP_BUF = {0};
	struct textdiff_counts want, is = {0}, only;
	struct reading r, from = {a.data, a.data + a.len};
	size_t at = 0;

	textdiff(a, b, context, &out, &want);
	textdiff(a, b, context, NULL, &only);
	assert(want.added == only.added && want.removed == only.removed);
	r = (struct reading){buf_str(&out), buf_str(&out) + out.len};
	while (r.at < r.end) {
		struct slice head = line_of(&r);
		const char *p = head.data + 2;
		size_t first, n, m;

		assert(memcmp(head.data, "@@", 2) == 0);
		first = range(&p, '-', &n);
		assert(first >= at);
		for (; at < first; at++) {
			struct slice l = line_of(&from);

			buf_add(&made, l.data, l.len);
		}
		(void)range(&p, '+', &m);
		apply_hunk(&r, &from, &at, n, m, &made, &is);
	}
	buf_add(&made, from.at, (size_t)(from.end - from.at));
	assert(made.len == b.len);
	assert(b.len == 0 || memcmp(made.data, b.data, b.len) == 0);
	assert(is.added == want.added && is.removed == want.removed);
	assert((out.len == 0) ==
	       (a.len == b.len &&
		   (a.len == 0 || memcmp(a.data, b.data, a.len) == 0)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nul = size == 0 ? NULL : memchr(text, '\0', size);
	size_t n = nul == NULL ? size / 2 : (size_t)(nul - text), skip;
	struct slice a = {text, n}, b;

	skip = n + (nul != NULL);
	b = (struct slice){text + skip, size - skip};
	check(a, b, 3);
	check(b, a, 0);
	check(a, b, 1);
	return 0;
}
