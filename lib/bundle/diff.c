#include "bundle/diff.h"

static int
next_of_chain(void *arg, struct entry *out, struct err *e)
{
	size_t layer;

	return chain_walk_next(arg, out, &layer, e);
}

struct tree_source
source_chain(struct chain_walk *w)
{
	return (struct tree_source){next_of_chain, w};
}

static int
next_of_snapshot(void *arg, struct entry *out, struct err *e)
{
	struct snapshot_walk *w = arg;

	(void)e;
	if (w->at == w->snapshot->count)
		return 0;
	*out = w->snapshot->entry[w->at++];
	return 1;
}

struct tree_source
source_snapshot(struct snapshot_walk *w)
{
	return (struct tree_source){next_of_snapshot, w};
}

static int
move(struct diff *d, struct err *e)
{
	if (!d->started || d->step_a)
		d->more_a = d->a.next(d->a.arg, &d->at_a, e);
	if (d->more_a < 0)
		return -1;
	if (!d->started || d->step_b)
		d->more_b = d->b.next(d->b.arg, &d->at_b, e);
	d->started = true;
	d->step_a = d->step_b = false;
	return d->more_b < 0 ? -1 : 0;
}

/* What comes first: below 0 only in a, above 0 only in b. */
static int
order(const struct diff *d)
{
	if (d->more_b == 0)
		return -1;
	if (d->more_a == 0)
		return 1;
	return entry_compare(d->at_a.path, d->at_b.path);
}

int
diff_next(struct diff *d, struct diff_change *out, struct err *e)
{
	int r;

	for (;;) {
		if (move(d, e) < 0)
			return -1;
		if (d->more_a == 0 && d->more_b == 0)
			return 0;
		r = order(d);
		d->step_a = r <= 0;
		d->step_b = r >= 0;
		if (r == 0 && entry_same(&d->at_a, &d->at_b))
			continue;
		*out = (struct diff_change){.kind = r < 0   ? DIFF_REMOVED
						    : r > 0 ? DIFF_ADDED
							    : DIFF_CHANGED,
		    .before = d->at_a,
		    .after = d->at_b};
		return 1;
	}
}
