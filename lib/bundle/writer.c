#include "bundle/writer.h"

#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bundle/sums.h"
#include "bundle/tar.h"

/* Index frames: a look-up reads a few of them. */
#define INDEX_FRAME ((size_t)128 << 10)

/* A frame of at most this size is unpacked in no time, whatever of it is
 * wanted: what is small shares one, which packs better. */
#define SHARED ((int64_t)64 << 10)

/* More than the manifest of a small index, its signature, and headers. */
#define END_ROOM ((int64_t)8 << 10)
/* What it says of a bundle that this one replaces. */
#define REPLACED (DIGEST_HEX + 3)

void
writer_init(struct writer *w, int fd, const char *name,
    const struct writer_options *o, struct manifest *m)
{
	*w = (struct writer){.key = o->key, .m = m};
	framer_new(fd, name, o->level, o->threads, &w->framer);
	tar_new(&w->tar);
	/* What is written is what a reader of the text will get. */
	m->time -= m->time % (CLOCK_SECOND / 1000000);
}

void
writer_free(struct writer *w)
{
	size_t i;

	framer_free(w->framer);
	tar_free(w->tar);
	buf_free(&w->work.index);
	buf_free(&w->work.sums);
	buf_free(&w->agent.index);
	buf_free(&w->agent.sums);
	buf_free(&w->scratch);
	for (i = 0; i < w->members; i++)
		mem_cleanup(&w->member[i].path.data);
	free(w->member);
	*w = (struct writer){0};
}

/* Does the bundle's first frame still run, with room for so much more? */
static bool
first_frame_holds(const struct writer *w, int64_t size)
{
	int64_t frame, offset;

	framer_where(w->framer, &frame, &offset);
	return frame == 0 && (offset == 0 || offset + size <= SHARED);
}

/* The first frame is looked into most often: it stays small. */
static int
end_first_frame(struct writer *w, int64_t size, struct err *e)
{
	int64_t frame, offset;

	framer_where(w->framer, &frame, &offset);
	return frame > 0 || first_frame_holds(w, size)
		   ? 0
		   : framer_cut(w->framer, e);
}

int
writer_begin(struct writer *w, struct entry *n, struct err *e)
{
	buf_clear(&w->scratch);
	if (tar_header(w->tar, &w->scratch, n, e) < 0 ||
	    end_first_frame(w,
		(int64_t)w->scratch.len + tar_content(n) +
		    (int64_t)tar_padding(tar_content(n)),
		e) < 0 ||
	    framer_add(w->framer, w->scratch.data, w->scratch.len, e) < 0)
		return -1;
	if (n->type == ENTRY_FILE)
		framer_where(w->framer, &n->frame, &n->offset);
	return 0;
}

int
writer_end(struct writer *w, const struct entry *n, struct err *e)
{
	entry_line(&w->work.index, n);
	w->m->entries++;
	if (n->type == ENTRY_FILE || n->type == ENTRY_HARDLINK)
		sums_line(&w->work.sums, n);
	return framer_zeros(w->framer, tar_padding(tar_content(n)), e);
}

/* Contents straight into the frames; `sum` gets their digest. */
static int
pour(struct writer *w, const struct content *c, struct digest *sum,
    struct err *e)
{
	int64_t left = c->size;
	struct sha256 s;
	size_t room;
	char *at;

	sha256_init(&s);
	while (left > 0) {
		if (framer_space(w->framer, &at, &room, e) < 0)
			return -1;
		if ((int64_t)room > left)
			room = (size_t)left;
		if (c->read(c->arg, at, room, e) < 0)
			return -1;
		sha256_add(&s, at, room);
		framer_filled(w->framer, room);
		left -= (int64_t)room;
	}
	sha256_get(&s, sum);
	return 0;
}

int
writer_entry(
    struct writer *w, struct entry *n, const struct content *c, struct err *e)
{
	if (!entry_stored(n->type)) {
		entry_line(&w->work.index, n);
		w->m->entries++;
		return 0;
	}
	if (writer_begin(w, n, e) < 0 ||
	    (n->type == ENTRY_FILE && pour(w, c, &n->sha256, e) < 0))
		return -1;
	return writer_end(w, n, e);
}

/* A member below agent/: no older than the bundle, readable by all. */
static struct entry
agent_entry(const struct writer *w, const char *path, int64_t size)
{
	return (struct entry){.path = {path, strlen(path)},
	    .type = ENTRY_FILE,
	    .mode = 0644,
	    .size = size,
	    .mtime = w->m->time - w->m->time % CLOCK_SECOND};
}

static int
put_member(struct writer *w, const char *path, const struct content *c,
    struct digest *sum, struct err *e)
{
	struct entry n = agent_entry(w, path, c->size);

	if (writer_begin(w, &n, e) < 0 || pour(w, c, &n.sha256, e) < 0 ||
	    framer_zeros(w->framer, tar_padding(c->size), e) < 0)
		return -1;
	sums_line(&w->agent.sums, &n);
	mem_room(&w->member, w->members, &w->member_cap, sizeof(*w->member));
	n.path.data = mem_dup(n.path.data, n.path.len);
	w->member[w->members++] = n;
	*sum = n.sha256;
	return 0;
}

static int
put_blob(struct writer *w, const struct writer_blob *b, struct err *e)
{
	char path[] = "agent/blobs/"
		      "0123456789012345678901234567890123456789012345678901234"
		      "567890123";
	struct digest sum;

	digest_hex(&b->digest, path + strlen("agent/blobs/"));
	if (put_member(w, path, &b->content, &sum, e) < 0)
		return -1;
	if (!digest_equal(&sum, &b->digest))
		return err_set(e, EX_DATAERR, 0,
		    "blob '%s' is damaged: its contents have another digest",
		    path + strlen("agent/blobs/"));
	return 0;
}

int
writer_head(struct writer *w, const struct writer_agent *a, struct err *e)
{
	struct slice state = a->state, grants = a->grants;
	struct content c = content_bytes(&state);
	struct digest sum;
	size_t i;

	if (put_member(w, "agent/state.json", &c, &w->m->state, e) < 0)
		return -1;
	c = content_bytes(&grants);
	if (put_member(w, "agent/grants.json", &c, &w->m->grants, e) < 0 ||
	    put_member(w, "agent/journal.jsonl", &a->journal, &sum, e) < 0)
		return -1;
	for (i = 0; i < a->blob_count; i++)
		if (put_blob(w, &a->blob[i], e) < 0)
			return -1;
	return 0;
}

static int
by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return entry_compare(x->path, y->path);
}

/* One of the members at the end: no line, no frame of its own. */
static int
put_plain(struct writer *w, const char *path, const char *text, size_t len,
    struct err *e)
{
	struct entry n = agent_entry(w, path, (int64_t)len);

	return writer_begin(w, &n, e) < 0 ||
		       framer_add(w->framer, text, len, e) < 0 ||
		       framer_zeros(w->framer, tar_padding(n.size), e) < 0
		   ? -1
		   : 0;
}

/* A part of the index, whose digest proves it alone. */
static int
put_part(struct writer *w, size_t at, size_t len, size_t *cap, struct err *e)
{
	struct manifest *m = w->m;
	const char *text = w->agent.index.data + at;

	mem_room(&m->frames, m->frame_count, cap, sizeof(*m->frames));
	digest_of(text, len, &m->frames[m->frame_count++]);
	return framer_add(w->framer, text, len, e);
}

/* A large index in frames of its own, of whole lines. */
static int
put_parts(struct writer *w, struct err *e)
{
	const struct buf *text = &w->agent.index;
	size_t at = 0, len, cap = 0;
	const char *end;

	while (at < text->len) {
		len = text->len - at;
		if (len > INDEX_FRAME) {
			end = memchr(text->data + at + INDEX_FRAME - 1, '\n',
			    len - INDEX_FRAME + 1);
			len = (size_t)(end - (text->data + at)) + 1;
		}
		if (put_part(w, at, len, &cap, e) < 0 ||
		    framer_cut(w->framer, e) < 0)
			return -1;
		at += len;
	}
	return 0;
}

static void
join_lines(struct writer *w)
{
	struct buf *text = &w->agent.index;
	size_t i;

	qsort(w->member, w->members, sizeof(*w->member), by_path);
	for (i = 0; i < w->members; i++)
		entry_line(text, &w->member[i]);
	w->m->entries += (int64_t)w->members;
	buf_add(text, w->work.index.data, w->work.index.len);
	buf_add(&w->agent.sums, w->work.sums.data, w->work.sums.len);
}

static int
put_index(struct writer *w, bool shared, struct err *e)
{
	struct buf *text = &w->agent.index;
	struct manifest *m = w->m;
	size_t cap = 0;
	struct entry n;

	digest_of(text->data, text->len, &m->index);
	m->index_size = (int64_t)text->len;
	n = agent_entry(w, "agent/index.jsonl", m->index_size);
	if (writer_begin(w, &n, e) < 0 ||
	    (!shared && framer_cut(w->framer, e) < 0))
		return -1;
	framer_where(w->framer, &m->index_frame, &m->index_offset);
	if ((shared ? put_part(w, 0, text->len, &cap, e) : put_parts(w, e)) < 0)
		return -1;
	return framer_zeros(w->framer, tar_padding(m->index_size), e);
}

/* Check sums and index.  With what follows they share one frame, the first one
 * if that still runs, unless they are large. */
static int
put_lists(struct writer *w, struct err *e)
{
	const struct buf *sums = &w->agent.sums;
	int64_t rest;
	bool shared;

	join_lines(w);
	rest = (int64_t)(sums->len + w->agent.index.len +
			 w->m->replace_count * REPLACED) +
	       END_ROOM;
	shared = rest <= SHARED;
	if (!(shared && first_frame_holds(w, rest)) &&
	    framer_cut(w->framer, e) < 0)
		return -1;
	return put_plain(w, "agent/SHA256SUMS", sums->data, sums->len, e) < 0
		   ? -1
		   : put_index(w, shared, e);
}

static int
put_signature(struct writer *w, const struct buf *text, struct err *e)
{
	struct buf sig CLEANUP_BUF = {0};
	unsigned char raw[SIGN_BYTES];

	if (w->key == NULL)
		return 0;
	if (sign_make(w->key, text->data, text->len, raw, e) < 0)
		return -1;
	sign_text(&w->key->pub, raw, &sig);
	return put_plain(w, "agent/manifest.sig", sig.data, sig.len, e);
}

int
writer_finish(struct writer *w, struct written *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct written r;

	if (put_lists(w, e) < 0)
		return -1;
	manifest_write(w->m, &text);
	if (text.len > MANIFEST_MAX)
		return err_set(e, EX_DATAERR, 0,
		    "too many files for one bundle: %" PRId64, w->m->entries);
	digest_of(text.data, text.len, &r.id);
	if (put_plain(w, "agent/manifest.json", text.data, text.len, e) < 0 ||
	    put_signature(w, &text, e) < 0 ||
	    framer_zeros(w->framer, TAR_END, e) < 0 ||
	    framer_finish(w->framer, &r.packed, e) < 0)
		return -1;
	*out = r;
	return 0;
}
