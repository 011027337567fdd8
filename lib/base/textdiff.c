#include "base/textdiff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/textlines.h"

void
text_free(struct text *t)
{
	free(t->line);
	free(t->gone);
	free(t->word);
	free(t->place);
}

static void
split(struct text *t, struct slice s)
{
	const char *p = s.data, *end = p + s.len, *nl;
	size_t n = 0, i;

	for (i = 0; i < s.len; i++)
		n += s.data[i] == '\n';
	t->line = mem_new(n + 2, sizeof(*t->line));
	t->gone = mem_new(n + 2, sizeof(bool));
	for (; s.len > 0 && p < end; p = nl) {
		nl = memchr(p, '\n', (size_t)(end - p));
		nl = nl == NULL ? end : nl + 1;
		t->line[t->count++] = (struct slice){p, (size_t)(nl - p)};
	}
}

static int
compare(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.data, b.data, a.len);
}

bool
text_same(const struct text *a, size_t i, const struct text *b, size_t j)
{
	return compare(a->line[i], b->line[j]) == 0;
}

/* ---- lines to numbers ------------------------------------------------------------------- */

/* Sorted, not hashed: nobody can choose lines that make it slow. */
struct seen {
	struct slice line;
	size_t index;
	struct text *text;
};

static int
compare_seen(const void *x, const void *y)
{
	const struct seen *a = x, *b = y;

	return compare(a->line, b->line);
}

/* Lines from `from` on, `left` before the end: equal ones get one number, and
 * those that are in one of the texts only are done with. */
static void
number(struct text *a, struct text *b, size_t from, size_t left)
{
	size_t na = a->count - from - left, nb = b->count - from - left;
	struct seen *all CLEANUP_FREE = mem_new(na + nb + 1, sizeof(*all));
	int64_t *word CLEANUP_FREE = mem_new(na + nb + 1, sizeof(*word));
	struct text *both[] = {a, b};
	size_t i, j, k, n = 0, t;

	for (t = 0; t < 2; t++)
		for (i = from; i < both[t]->count - left; i++, n++)
			all[n] = (struct seen){both[t]->line[i], i, both[t]};
	if (n > 0)
		qsort(all, n, sizeof(*all), compare_seen);
	for (i = 0; i < n; i = j) {
		bool in_a = false, in_b = false;

		for (j = i; j < n && compare_seen(&all[i], &all[j]) == 0; j++)
			*(all[j].text == a ? &in_a : &in_b) = true;
		for (k = i; k < j; k++)
			if (in_a && in_b)
				word[all[k].index - from +
				     (all[k].text == a ? 0 : na)] =
				    (int64_t)i + 1;
	}
	for (t = 0; t < 2; t++) {
		struct text *x = both[t];
		const int64_t *w = word + (t == 0 ? 0 : na);

		x->word = mem_new(x->count + 1, sizeof(*x->word));
		x->place = mem_new(x->count + 1, sizeof(*x->place));
		for (i = from; i < x->count - left; i++) {
			x->gone[i] = w[i - from] == 0;
			if (x->gone[i])
				continue;
			x->word[x->words] = w[i - from];
			x->place[x->words++] = i;
		}
	}
}

/* ---- the fewest differences ------------------------------------------------------------- */

/* A part of both: words a0 to a1 of the one, b0 to b1 of the other. */
struct box {
	int64_t a0, a1, b0, b1;
};

/* How far paths got on each diagonal k = x - y between the two. */
struct front {
	int64_t *x;
	int64_t low, high;
};

struct search {
	struct text *a, *b;
	int64_t *room[2];
	struct front ahead, back;
	int64_t steps;
	struct box *todo;
	size_t count, cap;
};

struct point {
	int64_t x, y;
};

/* One more difference: one diagonal more on each side, if the box has it.
 * What is outside of it is never the better neighbour. */
static void
widen(struct front *f, const struct box *b, int64_t outside)
{
	if (f->low > b->a0 - b->b1)
		f->x[--f->low - 1] = outside;
	else
		f->low++;
	if (f->high < b->a1 - b->b0)
		f->x[++f->high + 1] = outside;
	else
		f->high--;
}

static bool
on(const struct front *f, int64_t k)
{
	return f->low <= k && k <= f->high;
}

/* From the upper left, and from the lower right: do the paths meet? */
static bool
step_ahead(struct search *s, const struct box *b, bool odd, struct point *met)
{
	struct front *f = &s->ahead;
	int64_t k, x;

	widen(f, b, -1);
	for (k = f->high; k >= f->low; k -= 2) {
		x = f->x[k - 1] + 1;
		if (f->x[k + 1] > x - 1)
			x = f->x[k + 1];
		while (x < b->a1 && x - k < b->b1 &&
		       s->a->word[x] == s->b->word[x - k])
			x++;
		f->x[k] = x;
		if (odd && on(&s->back, k) && s->back.x[k] <= x) {
			*met = (struct point){x, x - k};
			return true;
		}
	}
	return false;
}

static bool
step_back(struct search *s, const struct box *b, bool odd, struct point *met)
{
	struct front *f = &s->back;
	int64_t k, x;

	widen(f, b, INT64_MAX);
	for (k = f->high; k >= f->low; k -= 2) {
		x = f->x[k + 1] - 1;
		if (f->x[k - 1] <= x)
			x = f->x[k - 1];
		while (x > b->a0 && x - k > b->b0 &&
		       s->a->word[x - 1] == s->b->word[x - k - 1])
			x--;
		f->x[k] = x;
		if (!odd && on(&s->ahead, k) && s->ahead.x[k] >= x) {
			*met = (struct point){x, x - k};
			return true;
		}
	}
	return false;
}

static int64_t
clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* It takes too long: go on from where the furthest path got. */
static struct point
furthest(const struct search *s, const struct box *b)
{
	struct point best = {b->a0, b->b0}, p;
	int64_t k, most = 0, got;

	for (k = s->ahead.low; k <= s->ahead.high; k += 2) {
		p.x = clamp(s->ahead.x[k], b->a0, b->a1);
		p.y = clamp(p.x - k, b->b0, b->b1);
		got = p.x - b->a0 + p.y - b->b0;
		if (got > most)
			most = got, best = p;
	}
	for (k = s->back.low; k <= s->back.high; k += 2) {
		p.x = clamp(s->back.x[k], b->a0, b->a1);
		p.y = clamp(p.x - k, b->b0, b->b1);
		got = b->a1 - p.x + b->b1 - p.y;
		if (got > most)
			most = got, best = p;
	}
	return best;
}

/* A point that a best path runs through. */
static struct point
middle(struct search *s, const struct box *b)
{
	int64_t first = b->a0 - b->b0, last = b->a1 - b->b1, i;
	bool odd = ((first - last) & 1) != 0;
	struct point met;

	s->ahead.low = s->ahead.high = first;
	s->ahead.x[first] = b->a0;
	s->back.low = s->back.high = last;
	s->back.x[last] = b->a1;
	for (i = 0; i < s->steps; i++)
		if (step_ahead(s, b, odd, &met) || step_back(s, b, odd, &met))
			return met;
	return furthest(s, b);
}

static void
push(struct search *s, struct box b)
{
	if (b.a0 == b.a1 && b.b0 == b.b1)
		return;
	mem_room(&s->todo, s->count, &s->cap, sizeof(b));
	s->todo[s->count++] = b;
}

static void
all_gone(struct search *s, struct box b)
{
	for (; b.a0 < b.a1; b.a0++)
		s->a->gone[s->a->place[b.a0]] = true;
	for (; b.b0 < b.b1; b.b0++)
		s->b->gone[s->b->place[b.b0]] = true;
}

static void
solve(struct search *s, struct box b)
{
	const int64_t *x = s->a->word, *y = s->b->word;
	struct point p;

	while (b.a0 < b.a1 && b.b0 < b.b1 && x[b.a0] == y[b.b0])
		b.a0++, b.b0++;
	while (b.a0 < b.a1 && b.b0 < b.b1 && x[b.a1 - 1] == y[b.b1 - 1])
		b.a1--, b.b1--;
	if (b.a0 == b.a1 || b.b0 == b.b1) {
		all_gone(s, b);
		return;
	}
	p = middle(s, &b);
	if ((p.x == b.a0 && p.y == b.b0) || (p.x == b.a1 && p.y == b.b1)) {
		all_gone(s, b);
		return;
	}
	push(s, (struct box){b.a0, p.x, b.b0, p.y});
	push(s, (struct box){p.x, b.a1, p.y, b.b1});
}

static void
search(struct text *a, struct text *b)
{
	int64_t n = (int64_t)a->words, m = (int64_t)b->words;
	struct search s = {.a = a, .b = b};
	size_t i;

	s.steps =
	    clamp(TEXTDIFF_WORK / (n + m + 1), TEXTDIFF_STEPS, TEXTDIFF_WORK);
	for (i = 0; i < 2; i++)
		s.room[i] = mem_new((size_t)(n + m + 3), sizeof(int64_t));
	s.ahead.x = s.room[0] + m + 1;
	s.back.x = s.room[1] + m + 1;
	push(&s, (struct box){0, n, 0, m});
	while (s.count > 0)
		solve(&s, s.todo[--s.count]);
	free(s.room[0]);
	free(s.room[1]);
	free(s.todo);
}

void
text_compare(struct slice a, struct slice b, struct text *x, struct text *y)
{
	size_t from = 0, left = 0;

	*x = *y = (struct text){0};
	split(x, a);
	split(y, b);
	while (
	    from < x->count && from < y->count && text_same(x, from, y, from))
		from++;
	while (from + left < x->count && from + left < y->count &&
	       text_same(x, x->count - 1 - left, y, y->count - 1 - left))
		left++;
	number(x, y, from, left);
	search(x, y);
	text_tidy(x, y);
}

void
textdiff(struct slice a, struct slice b, size_t context, struct buf *out,
    struct textdiff_counts *counts)
{
	struct text x CLEANUP(text_free) = {0}, y CLEANUP(text_free) = {0};
	struct textdiff_counts c = {0};
	size_t i;

	text_compare(a, b, &x, &y);
	for (i = 0; i < x.count; i++)
		c.removed += x.gone[i];
	for (i = 0; i < y.count; i++)
		c.added += y.gone[i];
	if (out != NULL)
		text_hunks(&x, &y, context, out);
	*counts = c;
}
