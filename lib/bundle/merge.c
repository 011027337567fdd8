/* The layers of a chain walked as one tree; chain.h. */
#include "bundle/chain.h"

#include "base/mem.h"

void
chain_walk_free(struct chain_walk *w)
{
	size_t i;

	for (i = 0; i < w->layers; i++) {
		bundle_walk_free(&w->walk[i]);
		buf_free(&w->cover_text[i]);
	}
	free(w->walk);
	free(w->head);
	free(w->more);
	free(w->cover);
	free(w->cover_text);
	buf_free(&w->lines);
}

static struct bundle *
layer_of(const struct chain_walk *w, size_t i)
{
	return w->chain->layer[w->chain->base + i];
}

/* Move one layer on, past what later layers cover. */
static int
advance(struct chain_walk *w, size_t i, struct err *e)
{
	do {
		w->more[i] = bundle_walk_next(&w->walk[i], &w->head[i], e);
	} while (w->more[i] > 0 && w->cover[i].len > 0 &&
		 entry_below(w->head[i].path, w->cover[i]));
	return w->more[i] < 0 ? -1 : 0;
}

int
chain_walk_init(struct chain_walk *w, struct chain *c, struct err *e)
{
	static const char first[] = ENTRY_WORK;
	size_t i, n = c->count - c->base;

	*w = (struct chain_walk){.chain = c,
	    .walk = mem_new(n, sizeof(*w->walk)),
	    .head = mem_new(n, sizeof(*w->head)),
	    .more = mem_new(n, sizeof(*w->more)),
	    .cover = mem_new(n, sizeof(*w->cover)),
	    .cover_text = mem_new(n, sizeof(*w->cover_text)),
	    .given = -1};
	sha256_init(&w->sum);
	for (i = 0; i < n; i++) {
		w->layers = i + 1;
		if (bundle_walk_init(&w->walk[i], layer_of(w, i),
			(struct slice){first, sizeof(first) - 1}, e) < 0 ||
		    advance(w, i, e) < 0)
			return -1;
	}
	return 0;
}

/* The newest layer that stands at the first of all paths; -1 at the end. */
static ssize_t
first_of_all(const struct chain_walk *w)
{
	ssize_t best = -1;
	size_t i = w->layers;

	while (i-- > 0)
		if (w->more[i] > 0 &&
		    (best < 0 ||
			entry_compare(w->head[i].path, w->head[best].path) < 0))
			best = (ssize_t)i;
	return best;
}

/* What is no folder hides all below it in the layers before. */
static void
cover(struct chain_walk *w, size_t from, struct slice path)
{
	size_t i;

	for (i = 0; i < from; i++) {
		if (w->more[i] <= 0)
			continue;
		buf_clear(&w->cover_text[i]);
		buf_add(&w->cover_text[i], path.data, path.len);
		w->cover[i] = (struct slice){
		    buf_str(&w->cover_text[i]), w->cover_text[i].len};
	}
}

/* Move all older layers that stand at the same path on. */
static int
pass(struct chain_walk *w, size_t best, struct err *e)
{
	struct slice path = w->head[best].path;
	size_t i;

	for (i = best + 1; i-- > 0;)
		if (w->more[i] > 0 && w->head[i].type != ENTRY_DIR &&
		    entry_compare(w->head[i].path, path) == 0)
			cover(w, i, path);
	for (i = 0; i < best; i++) {
		if (w->more[i] <= 0)
			continue;
		if ((entry_compare(w->head[i].path, path) == 0 ||
			(w->cover[i].len > 0 &&
			    entry_below(w->head[i].path, w->cover[i]))) &&
		    advance(w, i, e) < 0)
			return -1;
	}
	return 0;
}

static int
check_sum(struct chain_walk *w, struct err *e)
{
	const struct bundle *b = chain_newest(w->chain);
	struct digest d;

	sha256_add(&w->sum, w->lines.data, w->lines.len);
	buf_clear(&w->lines);
	sha256_get(&w->sum, &d);
	if (!digest_equal(&d, &b->manifest.work))
		return err_set(e, EX_DATAERR, 0,
		    "the tree of '%s' is not the one that its manifest names",
		    b->frames.name);
	return 0;
}

int
chain_walk_next(
    struct chain_walk *w, struct entry *out, size_t *layer, struct err *e)
{
	ssize_t best;

	do {
		if (w->given >= 0 && advance(w, (size_t)w->given, e) < 0)
			return -1;
		best = first_of_all(w);
		w->given = best;
		if (best < 0)
			return check_sum(w, e);
		if (pass(w, (size_t)best, e) < 0)
			return -1;
	} while (w->head[best].type == ENTRY_GONE);
	entry_tree_line(&w->lines, &w->head[best]);
	if (w->lines.len > 65536) {
		sha256_add(&w->sum, w->lines.data, w->lines.len);
		buf_clear(&w->lines);
	}
	*out = w->head[best];
	*layer = w->chain->base + (size_t)best;
	return 1;
}
