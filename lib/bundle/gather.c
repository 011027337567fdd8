#include "bundle/gather.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"

/* State and grants are the agent loop's; this is far above what it makes. */
#define STATE_MAX ((size_t)1 << 30)

void
gather_init(struct gather *g, struct chain *c, size_t from)
{
	size_t i;

	*g = (struct gather){.chain = c, .from = from};
	g->view = mem_new(c->count, sizeof(*g->view));
	for (i = 0; i < c->count; i++)
		frame_view_init(&g->view[i], &c->layer[i]->frames);
}

void
gather_free(struct gather *g)
{
	size_t i;

	for (i = 0; g->view != NULL && i < g->chain->count; i++)
		frame_view_free(&g->view[i]);
	free(g->view);
	free(g->blob);
	free(g->list);
	free(g->journal);
	buf_free(&g->state);
	buf_free(&g->grants);
}

void
gather_manifest(const struct chain *c, size_t from, struct manifest *m)
{
	const struct manifest *first = &c->layer[from]->manifest;
	const struct manifest *last = &chain_newest(c)->manifest;
	size_t i, j, n = c->count;

	*m = (struct manifest){.agent = mem_strdup(last->agent),
	    .seq = last->seq,
	    .head = last->head,
	    .since = first->since,
	    .time = last->time,
	    .has_parent = first->has_parent,
	    .parent = first->parent,
	    .work = last->work};
	for (i = from; i < c->count; i++)
		n += c->layer[i]->manifest.replace_count;
	m->replaces = mem_new(n, sizeof(*m->replaces));
	for (i = from; i < c->count; i++) {
		const struct manifest *l = &c->layer[i]->manifest;

		for (j = 0; j < l->replace_count; j++)
			m->replaces[m->replace_count++] = l->replaces[j];
		m->replaces[m->replace_count++] = c->layer[i]->id;
	}
}

static int
read_journals(void *arg, void *buf, size_t n, struct err *e)
{
	struct gather *g = arg;
	char *p = buf;

	while (n > 0) {
		struct pull *j = &g->journal[g->at];
		size_t part = j->left < (int64_t)n ? (size_t)j->left : n;

		if (part == 0) {
			g->at++;
			continue;
		}
		if (pull_read(j, p, part, e) < 0)
			return -1;
		p += part;
		n -= part;
	}
	return 0;
}

static int
open_journals(struct gather *g, struct content *out, struct err *e)
{
	static const char path[] = "agent/journal.jsonl";
	struct entry n;
	int64_t size = 0;
	size_t i;
	int r;

	g->journal = mem_new(g->chain->count - g->from, sizeof(*g->journal));
	for (i = g->from; i < g->chain->count; i++) {
		struct bundle *b = g->chain->layer[i];

		if (i > 0 &&
		    b->manifest.since != g->chain->layer[i - 1]->manifest.seq)
			return err_set(e, EX_DATAERR, 0,
			    "the records of '%s' do not follow those of the "
			    "bundle before (%" PRId64 ", not %" PRId64 ")",
			    b->frames.name, b->manifest.since,
			    g->chain->layer[i - 1]->manifest.seq);
		r = bundle_find(
		    b, (struct slice){path, sizeof(path) - 1}, &n, e);
		if (r < 0)
			return -1;
		if (r == 0 || n.type != ENTRY_FILE)
			return err_set(e, EX_DATAERR, 0, "'%s' holds no '%s'",
			    b->frames.name, path);
		(void)pull_content(&g->journal[i - g->from], &g->view[i], &n);
		size += n.size;
	}
	*out = (struct content){size, read_journals, g};
	return 0;
}

/* The blobs of one layer: they stand before its other members. */
static int
find_blobs(struct gather *g, size_t layer, struct err *e)
{
	static const struct slice dir = {"agent/blobs", 11};
	struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
	struct entry n;
	int r;

	if (bundle_walk_init(&w, g->chain->layer[layer], dir, e) < 0)
		return -1;
	while (
	    (r = bundle_walk_next(&w, &n, e)) > 0 && entry_below(n.path, dir)) {
		if (n.type != ENTRY_FILE)
			return err_set(e, EX_DATAERR, 0, "'%.*s' is no file",
			    (int)n.path.len, n.path.data);
		mem_room(&g->blob, g->blobs, &g->blob_cap, sizeof(*g->blob));
		g->blob[g->blobs++] =
		    (struct gather_blob){.entry = n, .layer = layer};
	}
	return r < 0 ? -1 : 0;
}

static int
by_digest(const void *a, const void *b)
{
	const struct gather_blob *x = a, *y = b;

	return memcmp(&x->entry.sha256, &y->entry.sha256, DIGEST_SIZE);
}

static int
open_blobs(struct gather *g, size_t *count, struct err *e)
{
	size_t i, n = 0;

	for (i = g->from; i < g->chain->count; i++)
		if (find_blobs(g, i, e) < 0)
			return -1;
	if (g->blobs > 0)
		qsort(g->blob, g->blobs, sizeof(*g->blob), by_digest);
	g->list = mem_new(g->blobs + 1, sizeof(*g->list));
	for (i = 0; i < g->blobs; i++) {
		struct gather_blob *f = &g->blob[i];

		if (i > 0 && by_digest(f - 1, f) == 0)
			continue;
		g->list[n++] = (struct writer_blob){f->entry.sha256,
		    pull_content(&f->pull, &g->view[f->layer], &f->entry)};
	}
	*count = n;
	return 0;
}

int
gather_head(struct gather *g, struct writer *w, struct err *e)
{
	struct bundle *b = chain_newest(g->chain);
	struct writer_agent a = {0};

	if (bundle_member(b, "agent/state.json", STATE_MAX, &g->state, e) < 0 ||
	    bundle_member(b, "agent/grants.json", STATE_MAX, &g->grants, e) <
		0 ||
	    open_journals(g, &a.journal, e) < 0 ||
	    open_blobs(g, &a.blob_count, e) < 0)
		return -1;
	a.state = (struct slice){buf_str(&g->state), g->state.len};
	a.grants = (struct slice){buf_str(&g->grants), g->grants.len};
	a.blob = g->list;
	return writer_head(w, &a, e);
}
