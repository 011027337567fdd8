#include "bundle/ocilayer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "bundle/check.h"
#include "bundle/codec.h"
#include "bundle/squash.h"
#include "bundle/tar.h"

/* Chains are folded in steps, so that pushes in between find their layers. */
enum { FOLD_STEP = 32 };

/* What a bundle needs below it. */
struct cover {
	struct buf tar; /* the removals' headers; empty: nothing */
	struct tar *headers;
};

void
oci_layers_free(struct oci_layers *l)
{
	size_t i;

	for (i = 0; i < l->room; i++)
		fd_cleanup(&l->own[i]);
	free(l->own);
	free(l->fd);
	oci_image_free(&l->image);
	*l = (struct oci_layers){0};
}

static void
cover_cleanup(struct cover *c)
{
	buf_free(&c->tar);
	tar_free(c->headers);
}

static void
tell(const struct oci_options *o, int64_t bytes)
{
	if (o->progress != NULL)
		o->progress(o->arg, "checking", bytes, o->total);
}

int
oci_sum(int fd, int64_t size, const struct oci_options *o, struct digest *out,
    struct err *e)
{
	enum { BLOCK = 1 << 18 };
	char *block CLEANUP_FREE = mem_grow(NULL, BLOCK, 1);
	struct content_range range = {fd, 0, "the bundle"};
	struct content c = content_file(&range, size);
	struct sha256 sum;
	size_t n;

	sha256_init(&sum);
	while (size > 0) {
		n = size < BLOCK ? (size_t)size : BLOCK;
		if (c.read(c.arg, block, n, e) < 0)
			return -1;
		sha256_add(&sum, block, n);
		size -= (int64_t)n;
		tell(o, (int64_t)n);
	}
	sha256_get(&sum, out);
	return 0;
}

/* ---- what cannot be a layer, and what needs a cover -------------------------------------- */

static int
check_name(const struct entry *n, struct err *e)
{
	const char *slash = memrchr(n->path.data, '/', n->path.len);
	size_t at = slash == NULL ? 0 : (size_t)(slash - n->path.data) + 1;

	if (n->type == ENTRY_GONE || n->path.len - at < 4 ||
	    memcmp(n->path.data + at, ".wh.", 4) != 0)
		return 0;
	return err_set(e, EX_DATAERR, 0,
	    "'%.*s' cannot be in an image: its name stands for a removal there "
	    "(rename it, save again, and push an export)",
	    (int)(n->path.len > 300 ? 300 : n->path.len), n->path.data);
}

static int
put_removal(struct cover *c, struct slice path, struct err *e)
{
	/* Of no time, so that a registry has most covers already. */
	struct entry n = {.path = path, .type = ENTRY_GONE};

	return tar_header(c->headers, &c->tar, &n, e);
}

/* What is recorded only hides nothing by itself. */
static int
cover_entry(
    struct cover *c, const struct entry *n, struct chain *below, struct err *e)
{
	struct entry old;
	size_t layer;
	int r;

	if (below == NULL || entry_stored(n->type))
		return 0;
	r = chain_find(below, n->path, &old, &layer, e);
	if (r <= 0)
		return r;
	return entry_stored(old.type) ? put_removal(c, n->path, e) : 0;
}

static int
look(struct bundle *b, struct chain *below, struct cover *c, struct err *e)
{
	struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
	struct slice all = {ENTRY_WORK, sizeof(ENTRY_WORK) - 1};
	bool full = b->manifest.full;
	struct entry n;
	int r;

	tar_new(&c->headers);
	if (below != NULL && full && put_removal(c, all, e) < 0)
		return -1;
	if (bundle_walk_init(&w, b, all, e) < 0)
		return -1;
	while ((r = bundle_walk_next(&w, &n, e)) > 0)
		if (check_name(&n, e) < 0 ||
		    cover_entry(c, &n, full ? NULL : below, e) < 0)
			return -1;
	return r;
}

/* ---- layers ----------------------------------------------------------------------------- */

static struct oci_layer *
add(struct oci_layers *l, int fd, int own)
{
	size_t i = l->image.count++;

	l->fd[i] = fd;
	l->own[i] = own;
	return &l->image.layer[i];
}

static int
add_bundle(struct oci_layers *l, struct bundle *b, int own,
    const struct oci_options *o, struct err *e)
{
	struct oci_layer *n = add(l, b->frames.fd, own);

	n->seq = b->manifest.seq;
	n->bundle = b->id;
	n->size = b->frames.file;
	if (oci_sum(b->frames.fd, n->size, o, &n->digest, e) < 0 ||
	    bundle_check(b, &(struct check_options){.plain = &n->plain}, e) < 0)
		return -1;
	return 0;
}

static int
add_cover(struct oci_layers *l, struct cover *c, int64_t seq, struct err *e)
{
	static const char zeros[TAR_END];
	char *packed CLEANUP_FREE = NULL;
	struct codec *codec;
	struct oci_layer *n;
	int fd = -1;
	size_t size;

	if (file_scratch(&fd, e) < 0)
		return -1;
	n = add(l, fd, fd);
	buf_add(&c->tar, zeros, TAR_END);
	packed = mem_grow(NULL, codec_bound(c->tar.len), 1);
	codec_new(3, &codec);
	size = codec_pack(
	    codec, c->tar.data, c->tar.len, packed, codec_bound(c->tar.len));
	codec_free(codec);
	n->seq = seq;
	n->cover = true;
	n->size = (int64_t)size;
	digest_of(c->tar.data, c->tar.len, &n->plain);
	digest_of(packed, size, &n->digest);
	return file_write_all(fd, packed, size, "a temporary file", e);
}

/* The oldest `count` bundles as one. */
static int
add_folded(struct oci_layers *l, struct chain *c, size_t count,
    const struct oci_options *o, struct err *e)
{
	struct writer_options w = {.key = o->secret};
	struct chain part = chain_part(c, count);
	struct bundle *b CLEANUP_BUNDLE = NULL;
	/* It was made here, of bundles that were within their limits. */
	struct reader_options r = {.max_bytes = INT64_MAX};
	struct manifest m = {0};
	struct written written;
	int fd = -1, rc, own;

	if (file_scratch(&fd, e) < 0)
		return -1;
	rc = squash_write(&part, fd, "folded bundles", &w, &m, &written, e);
	manifest_free(&m);
	own = rc < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (rc < 0 || own < 0) {
		fd_cleanup(&fd);
		return rc < 0 ? -1
			      : err_set(e, EX_IOERR, errno, "too many files");
	}
	if (bundle_open(fd, "folded bundles", &r, &b, e) < 0) {
		fd_cleanup(&own);
		return -1;
	}
	rc = add_bundle(l, b, own, o, e);
	l->fd[l->image.count - 1] = own;
	return rc;
}

static int
check_seqs(const struct chain *c, struct err *e)
{
	size_t i;

	for (i = 1; i < c->count; i++)
		if (c->layer[i]->manifest.seq <= c->layer[i - 1]->manifest.seq)
			return err_set(e, EX_DATAERR, 0,
			    "two bundles of the chain cover record %" PRId64
			    ": export it, and push that",
			    c->layer[i]->manifest.seq);
	return 0;
}

/* How many of the oldest are to be folded, from how many layers each has. */
static size_t
choose_fold(const struct cover *cover, size_t count)
{
	size_t fold, layers, i;

	for (fold = 0;; fold += FOLD_STEP) {
		layers = fold > 0;
		for (i = fold; i < count; i++)
			layers += cover[i].tar.len > 0 ? 2 : 1;
		if (layers <= OCI_LAYERS)
			return fold;
	}
}

static int
add_all(struct oci_layers *l, struct chain *c, struct cover *cover,
    const struct oci_options *o, struct err *e)
{
	struct chain below;
	size_t i, fold;

	for (i = 0; i < c->count; i++) {
		if (i > 0)
			below = chain_part(c, i);
		if (look(c->layer[i], i > 0 ? &below : NULL, &cover[i], e) < 0)
			return -1;
	}
	fold = choose_fold(cover, c->count);
	if (fold > c->count)
		fold = c->count;
	if (fold > 0 && add_folded(l, c, fold, o, e) < 0)
		return -1;
	for (i = fold; i < c->count; i++) {
		if (cover[i].tar.len > 0 &&
		    add_cover(l, &cover[i], c->layer[i]->manifest.seq, e) < 0)
			return -1;
		if (add_bundle(l, c->layer[i], -1, o, e) < 0)
			return -1;
	}
	return 0;
}

int
oci_layers_make(struct chain *c, const struct oci_options *o,
    struct oci_layers *out, struct err *e)
{
	const struct manifest *m = &chain_newest(c)->manifest;
	struct oci_layers l CLEANUP(oci_layers_free) = {
	    .image.agent = m->agent, .image.time = m->time};
	struct cover *cover;
	size_t i;
	int r;

	if (check_seqs(c, e) < 0)
		return -1;
	l.room = 2 * c->count + 1;
	l.image.layer = mem_new(l.room, sizeof(*l.image.layer));
	l.fd = mem_new(l.room, sizeof(*l.fd));
	l.own = mem_new(l.room, sizeof(*l.own));
	for (i = 0; i < l.room; i++)
		l.own[i] = -1;
	cover = mem_new(c->count, sizeof(*cover));
	r = add_all(&l, c, cover, o, e);
	for (i = 0; i < c->count; i++)
		cover_cleanup(&cover[i]);
	free(cover);
	if (r < 0)
		return -1;
	*out = l;
	l = (struct oci_layers){0};
	return 0;
}
