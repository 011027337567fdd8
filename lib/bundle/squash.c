#include "bundle/squash.h"

#include <inttypes.h>

#include "base/mem.h"
#include "bundle/pull.h"

/* State and grants are the agent loop's; this is far above what it makes. */
#define STATE_MAX ((size_t)1 << 30)

/* A blob and where it is. */
struct found {
	struct entry entry; /* only its place, size and digest */
	size_t layer;
	struct pull pull;
};

struct squash {
	struct chain *chain;
	struct frame_view *view; /* one a layer */
	struct snapshot tree;
	struct found *blob;
	size_t blobs, blob_cap;
	struct writer_blob *list;
	struct buf state, grants;
	struct writer writer;
	/* The journals, one behind the other. */
	struct pull *journal;
	size_t at;
};

static void
squash_free(struct squash *s)
{
	size_t i;

	for (i = 0; s->view != NULL && i < s->chain->count; i++)
		frame_view_free(&s->view[i]);
	free(s->view);
	free(s->blob);
	free(s->list);
	free(s->journal);
	snapshot_free(&s->tree);
	buf_free(&s->state);
	buf_free(&s->grants);
	if (s->writer.framer != NULL)
		writer_free(&s->writer);
}

static int
read_journals(void *arg, void *buf, size_t n, struct err *e)
{
	struct squash *s = arg;
	char *p = buf;

	while (n > 0) {
		struct pull *j = &s->journal[s->at];
		size_t part = j->left < (int64_t)n ? (size_t)j->left : n;

		if (part == 0) {
			s->at++;
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
open_journals(struct squash *s, struct content *out, struct err *e)
{
	static const char path[] = "agent/journal.jsonl";
	struct entry n;
	int64_t size = 0;
	size_t i;
	int r;

	s->journal = mem_new(s->chain->count, sizeof(*s->journal));
	for (i = 0; i < s->chain->count; i++) {
		struct bundle *b = s->chain->layer[i];

		if (i > 0 &&
		    b->manifest.since != s->chain->layer[i - 1]->manifest.seq)
			return err_set(e, EX_DATAERR, 0,
			    "the records of '%s' do not follow those of the "
			    "bundle before (%" PRId64 ", not %" PRId64 ")",
			    b->frames.name, b->manifest.since,
			    s->chain->layer[i - 1]->manifest.seq);
		r = bundle_find(
		    b, (struct slice){path, sizeof(path) - 1}, &n, e);
		if (r < 0)
			return -1;
		if (r == 0 || n.type != ENTRY_FILE)
			return err_set(e, EX_DATAERR, 0, "'%s' holds no '%s'",
			    b->frames.name, path);
		(void)pull_content(&s->journal[i], &s->view[i], &n);
		size += n.size;
	}
	*out = (struct content){size, read_journals, s};
	return 0;
}

/* The blobs of one layer: they stand before its other members. */
static int
find_blobs(struct squash *s, size_t layer, struct err *e)
{
	static const struct slice dir = {"agent/blobs", 11};
	struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
	struct entry n;
	int r;

	if (bundle_walk_init(&w, s->chain->layer[layer], dir, e) < 0)
		return -1;
	while (
	    (r = bundle_walk_next(&w, &n, e)) > 0 && entry_below(n.path, dir)) {
		if (n.type != ENTRY_FILE)
			return err_set(e, EX_DATAERR, 0, "'%.*s' is no file",
			    (int)n.path.len, n.path.data);
		mem_room(&s->blob, s->blobs, &s->blob_cap, sizeof(*s->blob));
		s->blob[s->blobs++] =
		    (struct found){.entry = n, .layer = layer};
	}
	return r < 0 ? -1 : 0;
}

static int
by_digest(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return memcmp(&x->entry.sha256, &y->entry.sha256, DIGEST_SIZE);
}

static int
open_blobs(struct squash *s, size_t *count, struct err *e)
{
	size_t i, n = 0;

	for (i = 0; i < s->chain->count; i++)
		if (find_blobs(s, i, e) < 0)
			return -1;
	if (s->blobs > 0)
		qsort(s->blob, s->blobs, sizeof(*s->blob), by_digest);
	s->list = mem_new(s->blobs + 1, sizeof(*s->list));
	for (i = 0; i < s->blobs; i++) {
		struct found *f = &s->blob[i];

		if (i > 0 && by_digest(f - 1, f) == 0)
			continue;
		s->list[n++] = (struct writer_blob){f->entry.sha256,
		    pull_content(&f->pull, &s->view[f->layer], &f->entry)};
	}
	*count = n;
	return 0;
}

static int
put_head(struct squash *s, struct err *e)
{
	struct bundle *b = chain_newest(s->chain);
	struct writer_agent a = {0};

	if (bundle_member(b, "agent/state.json", STATE_MAX, &s->state, e) < 0 ||
	    bundle_member(b, "agent/grants.json", STATE_MAX, &s->grants, e) <
		0 ||
	    open_journals(s, &a.journal, e) < 0 ||
	    open_blobs(s, &a.blob_count, e) < 0)
		return -1;
	a.state = (struct slice){buf_str(&s->state), s->state.len};
	a.grants = (struct slice){buf_str(&s->grants), s->grants.len};
	a.blob = s->list;
	return writer_head(&s->writer, &a, e);
}

static int
put_tree(struct squash *s, struct manifest *m, struct err *e)
{
	struct content c;
	struct pull pull;
	size_t i;

	for (i = 0; i < s->tree.count; i++) {
		struct entry n = s->tree.entry[i];
		bool file = n.type == ENTRY_FILE;

		if (file) {
			c = pull_content(
			    &pull, &s->view[s->tree.stamp[i].leader], &n);
			m->files++;
			m->bytes += n.size;
		}
		if (writer_entry(&s->writer, &n, file ? &c : NULL, e) < 0)
			return -1;
	}
	return 0;
}

/* What the manifest says before anything is written. */
static void
describe(const struct chain *c, struct manifest *m)
{
	const struct manifest *first = &c->layer[0]->manifest;
	const struct manifest *last = &chain_newest(c)->manifest;
	size_t i, j, n = c->count;

	*m = (struct manifest){.agent = mem_strdup(last->agent),
	    .seq = last->seq,
	    .head = last->head,
	    .since = first->since,
	    .time = last->time,
	    .has_parent = first->has_parent,
	    .parent = first->parent,
	    .full = true,
	    .work = last->work};
	for (i = 0; i < c->count; i++)
		n += c->layer[i]->manifest.replace_count;
	m->replaces = mem_new(n, sizeof(*m->replaces));
	for (i = 0; i < c->count; i++) {
		const struct manifest *l = &c->layer[i]->manifest;

		for (j = 0; j < l->replace_count; j++)
			m->replaces[m->replace_count++] = l->replaces[j];
		m->replaces[m->replace_count++] = c->layer[i]->id;
	}
}

int
squash_write(struct chain *c, int fd, const char *name,
    const struct writer_options *o, struct manifest *m, struct written *out,
    struct err *e)
{
	struct squash s CLEANUP(squash_free) = {.chain = c};
	size_t i;

	s.view = mem_new(c->count, sizeof(*s.view));
	for (i = 0; i < c->count; i++)
		frame_view_init(&s.view[i], &c->layer[i]->frames);
	describe(c, m);
	writer_init(&s.writer, fd, name, o, m);
	if (chain_tree(c, 0, &s.tree, e) < 0 || put_head(&s, e) < 0 ||
	    put_tree(&s, m, e) < 0)
		return -1;
	m->full_bytes = m->bytes;
	return writer_finish(&s.writer, out, e);
}
