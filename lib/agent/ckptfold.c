#include "agent/ckptfold.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bundle/pull.h"

#define MEMBER_MAX ((size_t)1 << 30)

/* A blob and where it is. */
struct found {
	struct entry entry; /* only its place, size and digest */
	struct frame_view *view;
	struct pull pull;
};

struct folding {
	const struct fold_span *span;
	struct frame_view *view; /* one a layer of the chain */
	struct snapshot before, now;
	bool *forced; /* of `now`: to be written though it is the same */
	struct found *blob;
	size_t blobs, blob_cap;
	struct writer_blob *list;
	struct pull *journal;
	size_t at; /* in journal */
	struct buf state, grants;
	struct writer writer;
	struct manifest *m;
	int64_t stored;
	struct slice cover; /* a folder that is gone or became a file */
};

static void
folding_free(struct folding *f)
{
	size_t i;

	for (i = 0; i < f->span->chain->count; i++)
		frame_view_free(&f->view[i]);
	free(f->view);
	free(f->forced);
	free(f->blob);
	free(f->list);
	free(f->journal);
	snapshot_free(&f->before);
	snapshot_free(&f->now);
	buf_free(&f->state);
	buf_free(&f->grants);
	writer_free(&f->writer);
}

/* ---- records and blobs ------------------------------------------------------------------ */

static int
read_journals(void *arg, void *buf, size_t n, struct err *e)
{
	struct folding *f = arg;
	char *p = buf;

	while (n > 0) {
		struct pull *j = &f->journal[f->at];
		size_t part = j->left < (int64_t)n ? (size_t)j->left : n;

		if (part == 0) {
			f->at++;
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
open_journals(struct folding *f, struct content *out, struct err *e)
{
	static const char path[] = "agent/journal.jsonl";
	struct chain *c = f->span->chain;
	size_t i, from = f->span->from;
	struct entry n;
	int64_t size = 0;
	int r;

	f->journal = mem_new(c->count - from, sizeof(*f->journal));
	for (i = from; i < c->count; i++) {
		struct bundle *b = c->layer[i];

		if (b->manifest.since != c->layer[i - 1]->manifest.seq)
			return err_set(e, EX_DATAERR, 0,
			    "the records of '%s' do not follow those of the "
			    "bundle before",
			    b->frames.name);
		r = bundle_find(
		    b, (struct slice){path, sizeof(path) - 1}, &n, e);
		if (r < 0)
			return -1;
		if (r == 0 || n.type != ENTRY_FILE)
			return err_set(e, EX_DATAERR, 0, "'%s' holds no '%s'",
			    b->frames.name, path);
		(void)pull_content(&f->journal[i - from], &f->view[i], &n);
		size += n.size;
	}
	*out = (struct content){size, read_journals, f};
	return 0;
}

static int
find_blobs(struct folding *f, size_t layer, struct err *e)
{
	static const struct slice dir = {"agent/blobs", 11};
	struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
	struct entry n;
	int r;

	if (bundle_walk_init(&w, f->span->chain->layer[layer], dir, e) < 0)
		return -1;
	while (
	    (r = bundle_walk_next(&w, &n, e)) > 0 && entry_below(n.path, dir)) {
		mem_room(&f->blob, f->blobs, &f->blob_cap, sizeof(*f->blob));
		f->blob[f->blobs++] =
		    (struct found){.entry = n, .view = &f->view[layer]};
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
open_blobs(struct folding *f, size_t *count, struct err *e)
{
	size_t i, n = 0;

	for (i = f->span->from; i < f->span->chain->count; i++)
		if (find_blobs(f, i, e) < 0)
			return -1;
	if (f->blobs > 0)
		qsort(f->blob, f->blobs, sizeof(*f->blob), by_digest);
	f->list = mem_new(f->blobs + 1, sizeof(*f->list));
	for (i = 0; i < f->blobs; i++) {
		struct found *b = &f->blob[i];

		if (i == 0 || by_digest(b - 1, b) != 0)
			f->list[n++] = (struct writer_blob){b->entry.sha256,
			    pull_content(&b->pull, b->view, &b->entry)};
	}
	*count = n;
	return 0;
}

static int
put_head(struct folding *f, struct err *e)
{
	struct bundle *b = chain_newest(f->span->chain);
	struct writer_agent a = {0};

	if (bundle_member(b, "agent/state.json", MEMBER_MAX, &f->state, e) <
		0 ||
	    bundle_member(b, "agent/grants.json", MEMBER_MAX, &f->grants, e) <
		0 ||
	    open_journals(f, &a.journal, e) < 0 ||
	    open_blobs(f, &a.blob_count, e) < 0)
		return -1;
	a.state = (struct slice){buf_str(&f->state), f->state.len};
	a.grants = (struct slice){buf_str(&f->grants), f->grants.len};
	a.blob = f->list;
	return writer_head(&f->writer, &a, e);
}

/* ---- the tree ---------------------------------------------------------------------------- */

/* A changed hard link needs the file that it follows in the same bundle. */
static void
force_leaders(struct folding *f)
{
	const struct entry *n, *old;
	ssize_t at, leader;
	size_t i;

	for (i = 0; i < f->now.count; i++) {
		n = &f->now.entry[i];
		if (n->type != ENTRY_HARDLINK)
			continue;
		at = snapshot_find(&f->before, n->path);
		old = at < 0 ? NULL : &f->before.entry[at];
		leader = snapshot_find(&f->now, n->link);
		if (leader >= 0 && (old == NULL || !entry_same(n, old)))
			f->forced[leader] = true;
	}
}

static int
put_gone(struct folding *f, const struct entry *old, struct err *e)
{
	struct entry n = {.path = old->path,
	    .type = ENTRY_GONE,
	    .mtime = f->m->time - f->m->time % CLOCK_SECOND};

	if (f->cover.len > 0 && entry_below(old->path, f->cover))
		return 0;
	f->cover = old->path;
	return writer_entry(&f->writer, &n, NULL, e);
}

static int
put_one(struct folding *f, size_t i, const struct entry *old, struct err *e)
{
	struct entry n = f->now.entry[i];
	bool file = n.type == ENTRY_FILE;
	struct content c;
	struct pull pull;

	f->m->files += file;
	f->m->bytes += file ? n.size : 0;
	if (old != NULL && old->type == ENTRY_DIR && n.type != ENTRY_DIR)
		f->cover = n.path;
	if (old != NULL && entry_same(&n, old) && !f->forced[i])
		return 0;
	if (!file)
		return writer_entry(&f->writer, &n, NULL, e);
	f->stored += n.size;
	c = pull_content(&pull, &f->view[f->now.stamp[i].leader], &n);
	return writer_entry(&f->writer, &n, &c, e);
}

/* Both trees along each other; a full bundle has nothing before. */
static int
put_tree(struct folding *f, struct err *e)
{
	const struct snapshot *a = &f->before, *b = &f->now;
	size_t i = 0, j = 0;
	int r;

	force_leaders(f);
	while (i < a->count || j < b->count) {
		r = i == a->count ? 1
		    : j == b->count
			? -1
			: entry_compare(a->entry[i].path, b->entry[j].path);
		if (r < 0) {
			if (put_gone(f, &a->entry[i++], e) < 0)
				return -1;
			continue;
		}
		if (put_one(f, j, r == 0 ? &a->entry[i] : NULL, e) < 0)
			return -1;
		i += r == 0;
		j++;
	}
	return 0;
}

static int
load_trees(struct folding *f, struct err *e)
{
	struct chain before = *f->span->chain;

	if (chain_tree(f->span->chain, 0, &f->now, e) < 0)
		return -1;
	f->forced = mem_new(f->now.count + 1, sizeof(bool));
	if (f->m->full)
		return 0;
	/* The newest full one is before what is folded. */
	before.count = f->span->from;
	return chain_tree(&before, 0, &f->before, e);
}

/* ---- the whole ---------------------------------------------------------------------------- */

static void
describe(const struct fold_span *s, struct manifest *m)
{
	const struct chain *c = s->chain;
	const struct manifest *last = &chain_newest(c)->manifest;
	size_t i, j, n = c->count;

	*m = (struct manifest){.agent = mem_strdup(last->agent),
	    .seq = last->seq,
	    .head = last->head,
	    .since = c->layer[s->from]->manifest.since,
	    .time = last->time,
	    .has_parent = true,
	    .parent = s->parent,
	    .full = c->base >= s->from,
	    .work = last->work};
	for (i = s->from; i < c->count; i++)
		n += c->layer[i]->manifest.replace_count;
	m->replaces = mem_new(n, sizeof(*m->replaces));
	for (i = s->from; i < c->count; i++) {
		const struct bundle *b = c->layer[i];

		for (j = 0; j < b->manifest.replace_count; j++)
			m->replaces[m->replace_count++] =
			    b->manifest.replaces[j];
		m->replaces[m->replace_count++] = b->id;
	}
}

static void
count_bytes(const struct folding *f)
{
	struct manifest *m = f->m;

	if (m->full) {
		m->full_bytes = f->stored;
		return;
	}
	m->full_bytes = f->span->full_bytes;
	m->deltas = f->span->deltas + 1;
	m->delta_bytes = f->span->delta_bytes + f->stored;
}

int
ckpt_fold(const struct fold_span *s, int fd, const char *name,
    const struct writer_options *o, struct manifest *m, struct written *out,
    struct err *e)
{
	struct folding f CLEANUP(folding_free) = {.span = s, .m = m};
	size_t i;

	f.view = mem_new(s->chain->count, sizeof(*f.view));
	for (i = 0; i < s->chain->count; i++)
		frame_view_init(&f.view[i], &s->chain->layer[i]->frames);
	describe(s, m);
	writer_init(&f.writer, fd, name, o, m);
	if (load_trees(&f, e) < 0 || put_head(&f, e) < 0 || put_tree(&f, e) < 0)
		return -1;
	count_bytes(&f);
	return writer_finish(&f.writer, out, e);
}
