/* The index of a bundle: halving, walking, contents; reader.h. */
#include <inttypes.h>

#include "base/mem.h"
#include "bundle/reader.h"

/* What of frame `i` of the index's is the index: bundle_open saw that it fits. */
static struct slice
index_part(const struct bundle *b, size_t i, struct slice frame)
{
	const struct manifest *m = &b->manifest;
	const struct seek_frame *f = b->frames.table.frame + m->index_frame;
	size_t from = i == 0 ? (size_t)m->index_offset : 0;
	int64_t end = f->start + m->index_offset + m->index_size;

	if (f[i].start + (int64_t)frame.len > end)
		frame.len = (size_t)(end - f[i].start);
	return (struct slice){frame.data + from, frame.len - from};
}

/* Prove and get the part of the index in its frame `i`. */
static int
index_frame(struct bundle *b, struct frame_view *v, size_t i, struct slice *out,
    struct err *e)
{
	const struct manifest *m = &b->manifest;
	int64_t frame = m->index_frame + (int64_t)i;
	bool known = v->frame == frame;
	struct digest d;
	struct slice all;

	if (frame_get(v, frame, &all, e) < 0)
		return -1;
	*out = index_part(b, i, all);
	/* What a view holds has been proved when it was got. */
	if (known)
		return 0;
	digest_of(out->data, out->len, &d);
	if (!digest_equal(&d, &m->frames[i]) ||
	    out->data[out->len - 1] != '\n') {
		v->frame = -1;
		return err_set(e, EX_DATAERR, 0,
		    "the index of '%s' does not match its manifest",
		    b->frames.name);
	}
	return 0;
}

/* The line at `*at`, and `*at` behind it. */
static int
line_at(struct slice text, size_t *at, struct entry_text *names,
    struct entry *out, struct err *e)
{
	const char *start = text.data + *at;
	const char *end = memchr(start, '\n', text.len - *at);

	if (entry_parse(start, (size_t)(end - start), names, out, e) < 0)
		return -1;
	*at = (size_t)(end - text.data) + 1;
	return 0;
}

/* The last index frame whose first path is not behind `path`. */
static int
halve(struct bundle *b, struct frame_view *v, struct entry_text *names,
    struct slice path, size_t *out, struct err *e)
{
	size_t lo = 0, hi = b->manifest.frame_count, mid, at;
	struct slice text;
	struct entry n;

	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		at = 0;
		if (index_frame(b, v, mid, &text, e) < 0 ||
		    line_at(text, &at, names, &n, e) < 0)
			return -1;
		if (entry_compare(n.path, path) <= 0)
			lo = mid;
		else
			hi = mid;
	}
	*out = lo;
	return 0;
}

int
bundle_find(
    struct bundle *b, struct slice path, struct entry *out, struct err *e)
{
	size_t frame = 0, at = 0;
	struct slice text;
	struct entry n;
	int r;

	if (halve(b, &b->index, &b->names, path, &frame, e) < 0 ||
	    index_frame(b, &b->index, frame, &text, e) < 0)
		return -1;
	while (at < text.len) {
		if (line_at(text, &at, &b->names, &n, e) < 0)
			return err_wrap(e, "'%s'", b->frames.name);
		r = entry_compare(n.path, path);
		if (r > 0)
			break;
		if (r == 0) {
			*out = n;
			return 1;
		}
	}
	return 0;
}

int
bundle_walk_init(
    struct bundle_walk *w, struct bundle *b, struct slice from, struct err *e)
{
	struct entry n;
	size_t before;
	int r = 0;

	*w = (struct bundle_walk){.b = b};
	frame_view_init(&w->view, &b->frames);
	if (from.data == NULL)
		return 0;
	if (halve(b, &w->view, &w->names, from, &w->frame, e) < 0)
		return -1;
	do {
		before = w->at;
		r = bundle_walk_next(w, &n, e);
	} while (r > 0 && entry_compare(n.path, from) < 0);
	if (r <= 0)
		return r;
	/* Give this one again. */
	w->at = w->at < before ? 0 : before;
	w->entries = -1;
	buf_clear(&w->last);
	return 0;
}

void
bundle_walk_free(struct bundle_walk *w)
{
	frame_view_free(&w->view);
	entry_text_free(&w->names);
	buf_free(&w->last);
}

static int
walk_end(const struct bundle_walk *w, struct err *e)
{
	if (w->entries >= 0 && w->entries != w->b->manifest.entries)
		return err_set(e, EX_DATAERR, 0,
		    "the index of '%s' has %" PRId64 " lines, not %" PRId64,
		    w->b->frames.name, w->entries, w->b->manifest.entries);
	return 0;
}

int
bundle_walk_next(struct bundle_walk *w, struct entry *out, struct err *e)
{
	struct slice last;
	struct entry n;

	if (w->at == w->text.len) {
		if (w->text.len > 0)
			w->frame++;
		w->at = w->text.len = 0;
		if (w->frame >= w->b->manifest.frame_count)
			return walk_end(w, e);
		if (index_frame(w->b, &w->view, w->frame, &w->text, e) < 0)
			return -1;
	}
	if (line_at(w->text, &w->at, &w->names, &n, e) < 0)
		return err_wrap(e, "'%s'", w->b->frames.name);
	last = (struct slice){buf_str(&w->last), w->last.len};
	if (last.len > 0 && entry_compare(last, n.path) >= 0)
		return err_set(e, EX_DATAERR, 0,
		    "the index of '%s' is not in order, or names a path twice",
		    w->b->frames.name);
	buf_clear(&w->last);
	buf_add(&w->last, n.path.data, n.path.len);
	if (w->entries >= 0)
		w->entries++;
	*out = n;
	return 1;
}

struct proving {
	struct sha256 sum;
	const struct sink *to;
};

static int
prove(void *arg, const void *data, size_t n, struct err *e)
{
	struct proving *p = arg;

	sha256_add(&p->sum, data, n);
	return p->to == NULL ? 0 : p->to->write(p->to->arg, data, n, e);
}

int
bundle_stream(struct frame_view *v, const struct entry *n,
    const struct sink *to, struct err *e)
{
	struct proving p = {.to = to};
	const struct sink s = {prove, &p};
	struct digest d;

	sha256_init(&p.sum);
	if (frame_read(v, n->frame, n->offset, n->size, &s, e) < 0)
		return err_wrap(e, "'%.*s'", (int)n->path.len, n->path.data);
	sha256_get(&p.sum, &d);
	if (!digest_equal(&d, &n->sha256))
		return err_set(e, EX_DATAERR, 0,
		    "'%.*s' is damaged: its contents have another digest",
		    (int)n->path.len, n->path.data);
	return 0;
}

static int
into_buf(void *arg, const void *data, size_t n, struct err *e)
{
	struct buf *b = arg;

	(void)e;
	buf_add(b, data, n);
	return 0;
}

int
bundle_content_buf(struct bundle *b, const struct entry *n, size_t most,
    struct buf *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	const struct sink s = {into_buf, &text};

	if (n->type != ENTRY_FILE)
		return err_set(e, EX_DATAERR, 0, "'%.*s' is no file",
		    (int)n->path.len, n->path.data);
	if ((uint64_t)n->size > most)
		return err_set(e, EX_LIMIT, 0,
		    "'%.*s' is larger than %zu bytes", (int)n->path.len,
		    n->path.data, most);
	if (bundle_stream(&b->data, n, &s, e) < 0)
		return -1;
	buf_add(out, text.data, text.len);
	return 0;
}

int
bundle_content(struct bundle *b, const struct entry *n, const struct sink *to,
    struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	if (n->size > BUNDLE_WHOLE) {
		if (bundle_stream(&b->data, n, NULL, e) < 0)
			return -1;
		return bundle_stream(&b->data, n, to, e);
	}
	if (bundle_content_buf(b, n, (size_t)BUNDLE_WHOLE, &text, e) < 0)
		return -1;
	return to->write(to->arg, text.data, text.len, e);
}

int
bundle_member(struct bundle *b, const char *path, size_t most, struct buf *out,
    struct err *e)
{
	struct entry n;
	int r = bundle_find(b, (struct slice){path, strlen(path)}, &n, e);

	if (r < 0)
		return -1;
	if (r == 0 || n.type != ENTRY_FILE)
		return err_set(e, EX_DATAERR, 0, "'%s' holds no '%s'",
		    b->frames.name, path);
	return bundle_content_buf(b, &n, most, out, e);
}
