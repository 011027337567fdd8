/* From lines that differ to hunks. */
#include "base/textlines.h"

/* ---- whole blocks ------------------------------------------------------------------------ */

static size_t
run_end(const struct text *t, size_t i)
{
	while (i < t->count && t->gone[i])
		i++;
	return i;
}

/*
 * Lines [*i, end) are in `t` only, and nothing of `o` is at *j.  Where the
 * first is the same as the one behind the last, the run may as well begin one
 * later: as late as it can, which is how people write blocks.
 */
static void
slide(struct text *t, size_t *i, size_t end, const struct text *o, size_t *j)
{
	while (end < t->count && *j < o->count && !o->gone[*j] &&
	       text_same(t, *i, t, end)) {
		t->gone[(*i)++] = false;
		t->gone[end] = true;
		end = run_end(t, end);
		(*j)++;
	}
	*i = end;
}

void
text_tidy(struct text *a, struct text *b)
{
	size_t i = 0, j = 0, ie, je;

	while (i < a->count || j < b->count) {
		ie = run_end(a, i);
		je = run_end(b, j);
		if (ie == i && je == j) {
			i++, j++;
		} else if (ie == i) {
			slide(b, &j, je, a, &i);
		} else if (je == j) {
			slide(a, &i, ie, b, &j);
		} else {
			i = ie;
			j = je;
		}
	}
}

/* ---- hunks ------------------------------------------------------------------------------ */

static void
put_lines(struct buf *out, char mark, const struct text *t, size_t i, size_t to)
{
	for (; i < to; i++) {
		buf_putc(out, mark);
		buf_add(out, t->line[i].data, t->line[i].len);
		if (t->line[i].data[t->line[i].len - 1] != '\n')
			buf_puts(out, "\n\\ No newline at end of file\n");
	}
}

static void
put_range(struct buf *out, char mark, size_t from, size_t count)
{
	buf_printf(out, " %c%zu", mark, count == 0 ? from : from + 1);
	if (count != 1)
		buf_printf(out, ",%zu", count);
}

/* From line i of a and j of b up to ie and je. */
static void
put_hunk(const struct text *a, size_t i, size_t ie, const struct text *b,
    size_t j, size_t je, struct buf *out)
{
	size_t n;

	buf_puts(out, "@@");
	put_range(out, '-', i, ie - i);
	put_range(out, '+', j, je - j);
	buf_puts(out, " @@\n");
	while (i < ie || j < je) {
		n = run_end(a, i) < ie ? run_end(a, i) : ie;
		put_lines(out, '-', a, i, n);
		i = n;
		n = run_end(b, j) < je ? run_end(b, j) : je;
		put_lines(out, '+', b, j, n);
		j = n;
		for (n = i; n < ie && !a->gone[n] && !b->gone[j]; n++)
			j++;
		put_lines(out, ' ', a, i, n);
		i = n;
	}
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void
text_hunks(
    const struct text *a, const struct text *b, size_t context, struct buf *out)
{
	size_t i = 0, j = 0, from_i, from_j, calm, back;

	for (;;) {
		while (
		    i < a->count && j < b->count && !a->gone[i] && !b->gone[j])
			i++, j++;
		if (i == a->count && j == b->count)
			return;
		back = least(least(i, j), context);
		from_i = i - back;
		from_j = j - back;
		do {
			i = run_end(a, i);
			j = run_end(b, j);
			calm = 0;
			while (calm <= 2 * context && i + calm < a->count &&
			       j + calm < b->count && !a->gone[i + calm] &&
			       !b->gone[j + calm])
				calm++;
			if (calm > 2 * context ||
			    (i + calm == a->count && j + calm == b->count))
				break;
			i += calm;
			j += calm;
		} while (true);
		calm = least(calm, context);
		i += calm;
		j += calm;
		put_hunk(a, from_i, i, b, from_j, j, out);
	}
}
