#include "base/textmerge.h"

#include <string.h>

#include "base/textlines.h"

/* The base beside one of the changed texts; line i of it and j of that one are
 * next. */
struct side {
	struct text base, text;
	size_t i, j;
};

static void
side_free(struct side *s)
{
	text_free(&s->base);
	text_free(&s->text);
}

/* Does a change begin here? */
static bool
changes(const struct side *s)
{
	return (s->i < s->base.count && s->base.gone[s->i]) ||
	       (s->j < s->text.count && s->text.gone[s->j]);
}

/* Past line `to` of the base, and the change that lies across or at it. */
static void
advance(struct side *s, size_t to)
{
	while (s->i < to || changes(s)) {
		if (s->j < s->text.count && s->text.gone[s->j]) {
			s->j++;
			continue;
		}
		if (!s->base.gone[s->i])
			s->j++;
		s->i++;
	}
}

/* The bytes of lines [from, to). */
static struct slice
part(const struct text *t, size_t from, size_t to)
{
	const char *end;

	if (from == to)
		return (struct slice){"", 0};
	end = t->line[to - 1].data + t->line[to - 1].len;
	return (struct slice){
	    t->line[from].data, (size_t)(end - t->line[from].data)};
}

static bool
same(struct slice a, struct slice b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* From the line at which one changes to the first that is in all three. */
static bool
merge_change(struct side *a, struct side *b, struct buf *out)
{
	size_t i = a->i, x = a->j, y = b->j, end;
	struct slice base, ours, theirs;

	do {
		end = a->i > b->i ? a->i : b->i;
		advance(a, end);
		advance(b, a->i);
	} while (a->i != b->i);
	base = part(&a->base, i, a->i);
	ours = part(&a->text, x, a->j);
	theirs = part(&b->text, y, b->j);
	if (!same(ours, base) && !same(theirs, base) && !same(ours, theirs))
		return false;
	if (same(ours, base))
		ours = theirs;
	buf_add(out, ours.data, ours.len);
	return true;
}

bool
textmerge(
    struct slice base, struct slice ours, struct slice theirs, struct buf *out)
{
	struct side a CLEANUP(side_free) = {0}, b CLEANUP(side_free) = {0};
	struct buf all CLEANUP_BUF = {0};
	struct slice line;

	text_compare(base, ours, &a.base, &a.text);
	text_compare(base, theirs, &b.base, &b.text);
	while (a.i < a.base.count || changes(&a) || changes(&b)) {
		if (changes(&a) || changes(&b)) {
			if (!merge_change(&a, &b, &all))
				return false;
			continue;
		}
		line = a.base.line[a.i];
		buf_add(&all, line.data, line.len);
		a.i++, a.j++;
		b.i++, b.j++;
	}
	buf_add(out, all.data, all.len);
	return true;
}
