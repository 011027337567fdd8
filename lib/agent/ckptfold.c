#include "agent/ckptfold.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bundle/gather.h"

struct folding {
	const struct fold_span *span;
	struct gather parts;
	struct snapshot before, now;
	bool *forced; /* of `now`: to be written though it is the same */
	struct writer writer;
	struct manifest *m;
	int64_t stored;
	struct slice cover; /* a folder that is gone or became a file */
};

static void
folding_free(struct folding *f)
{
	gather_free(&f->parts);
	free(f->forced);
	snapshot_free(&f->before);
	snapshot_free(&f->now);
	writer_free(&f->writer);
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
	c = pull_content(&pull, &f->parts.view[f->now.stamp[i].leader], &n);
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

	gather_init(&f.parts, s->chain, s->from);
	gather_manifest(s->chain, s->from, m);
	m->has_parent = true;
	m->parent = s->parent;
	m->full = s->chain->base >= s->from;
	writer_init(&f.writer, fd, name, o, m);
	if (load_trees(&f, e) < 0 || gather_head(&f.parts, &f.writer, e) < 0 ||
	    put_tree(&f, e) < 0)
		return -1;
	count_bytes(&f);
	return writer_finish(&f.writer, out, e);
}
