#include "agent/ckpt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/statejson.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

#define STATE_MAX ((size_t)64 << 20)

/* ---- the history since the parent ----------------------------------------------------------- */

/* Records and what they name, from one mark to another. */
struct span {
	int fd;           /* the journal */
	int64_t from, to; /* offsets */
	struct writer_blob *blob;
	struct blob_file *file; /* their contents, one each */
	size_t count, cap, file_cap;
};

struct blob_file {
	int fd;
	struct content_range range;
	char name[DIGEST_HEX + 4];
};

static void
span_free(struct span *s)
{
	size_t i;

	for (i = 0; i < s->count; i++)
		fd_cleanup(&s->file[i].fd);
	free(s->file);
	free(s->blob);
	fd_cleanup(&s->fd);
}

static int
add_blob(const struct root *root, struct span *s, const struct digest *d,
    struct err *e)
{
	struct blob_file f = {.fd = -1};
	char hex[DIGEST_HEX + 1];
	struct stat st;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (digest_equal(&s->blob[i].digest, d))
			return 0;
	digest_hex(d, hex);
	(void)snprintf(f.name, sizeof(f.name), "%.2s/%s", hex, hex);
	if (file_open(root->blobs, f.name, O_RDONLY | O_NOFOLLOW, 0, &f.fd, e) <
		0 ||
	    fstat(f.fd, &st) < 0)
		return err_wrap(e, "a blob is missing");
	mem_room(&s->blob, s->count, &s->cap, sizeof(*s->blob));
	mem_room(&s->file, s->count, &s->file_cap, sizeof(*s->file));
	s->blob[s->count].digest = *d;
	s->blob[s->count].content.size = st.st_size;
	s->file[s->count++] = f;
	return 0;
}

static int
compare_blobs(const void *a, const void *b)
{
	const struct writer_blob *x = a, *y = b;

	return memcmp(x->digest.b, y->digest.b, DIGEST_SIZE);
}

static int
note_blobs(const struct root *root, const struct record *rec,
    const struct digest *known, struct span *s, struct err *e)
{
	static const char *const keys[] = {
	    "blob", "arguments_blob", "calls_blob", "provider_blob", "tools"};
	struct slice token;
	struct digest d;
	size_t i;

	if (record_redacted(rec) ||
	    json_check(rec->body.data, rec->body.len, e) < 0)
		return record_redacted(rec) ? 0 : -1;
	for (i = 0; i < COUNT_OF(keys); i++) {
		if (json_raw(rec->body, keys[i], &token) < 0 ||
		    token.len != DIGEST_HEX + 2 ||
		    digest_parse(token.data + 1, DIGEST_HEX, &d) < 0 ||
		    digest_equal(known, &d))
			continue;
		if (add_blob(root, s, &d, e) < 0)
			return -1;
	}
	return 0;
}

/* Where the records behind the last bundle begin: as its ckpt record says, if
 * the record stands there; else they are looked for from the first on. */
static struct journal_mark
span_start(const struct session *s, const struct manifest *m, int fd)
{
	struct journal_mark start = {.head = s->info.digest};
	char want[40], is[40];
	ssize_t n;
	int len;

	if (s->state.ckpt_offset <= 0 || m == NULL ||
	    m->seq != s->state.ckpt_seq)
		return start;
	len = snprintf(want, sizeof(want), "{\"seq\":%" PRId64 ",", m->seq + 1);
	n = pread(fd, is, (size_t)len, s->state.ckpt_offset);
	if (n != len || memcmp(want, is, (size_t)len) != 0)
		return start;
	return (struct journal_mark){.seq = m->seq,
	    .time = m->time,
	    .offset = s->state.ckpt_offset,
	    .head = m->head};
}

/*
 * The records behind those that the parent's manifest covers (NULL: all), up
 * to the session's mark.  `known`: the digest of a blob that the parent's
 * history names already.
 */
static int
span_read(const struct session *s, const struct manifest *m,
    const struct digest *known, struct span *out, struct err *e)
{
	int64_t since = m == NULL ? 0 : m->seq;
	struct journal_mark start;
	struct reader r;
	struct record rec;
	int got;

	*out = (struct span){.fd = -1, .from = -1};
	if (file_open(s->dir, JOURNAL_FILE, O_RDONLY | O_NOFOLLOW, 0, &out->fd,
		e) < 0)
		return -1;
	start = span_start(s, m, out->fd);
	reader_init(&r, out->fd, &start);
	while (
	    (got = reader_next(&r, &rec, e)) == 1 && rec.seq <= s->mark.seq) {
		if (rec.seq <= since)
			continue;
		if (out->from < 0)
			out->from = r.mark.offset - (int64_t)rec.line.len - 1;
		out->to = r.mark.offset;
		if (note_blobs(s->root, &rec, known, out, e) < 0) {
			got = -1;
			break;
		}
	}
	reader_free(&r);
	if (got < 0) {
		span_free(out);
		return -1;
	}
	if (out->count > 0)
		qsort(out->blob, out->count, sizeof(*out->blob), compare_blobs);
	return 0;
}

/* The blobs' contents, in the order that they have now. */
static void
span_contents(struct span *s)
{
	char hex[DIGEST_HEX + 1];
	size_t i, k;

	for (i = 0; i < s->count; i++) {
		digest_hex(&s->blob[i].digest, hex);
		for (k = 0; strcmp(s->file[k].name + 3, hex) != 0; k++)
			;
		s->file[k].range =
		    (struct content_range){s->file[k].fd, 0, s->file[k].name};
		s->blob[i].content =
		    content_file(&s->file[k].range, s->blob[i].content.size);
	}
}

/* ---- save -------------------------------------------------------------------------------- */

/* The last bundle, when there is one, and its tree. */
struct parent {
	struct chain chain;
	bool open;
	struct snapshot tree; /* from the chain */
	struct digest tools;  /* named by its history */
};

static void
parent_free(struct parent *p)
{
	if (p->open)
		chain_close(&p->chain);
	snapshot_free(&p->tree);
}

static int
parent_open(const struct session *s, int dir, struct parent *p, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	struct bundle *b;
	const char *hex;

	if (!s->state.has_ckpt)
		return 0;
	if (ckpt_follow(dir, s->state.ckpt_seq, false, &p->chain, e) < 0)
		return -1;
	p->open = true;
	b = chain_newest(&p->chain);
	if (!ckpt_is(b, &s->state.ckpt_id))
		return err_set(e, EX_DATAERR, 0,
		    "the last bundle is not the one that was recorded");
	if (bundle_member(b, "agent/state.json", STATE_MAX, &text, e) < 0 ||
	    json_parse(buf_str(&text), text.len, &j, e) < 0)
		return -1;
	hex = json_get_string(j, "tools");
	if (hex != NULL)
		(void)digest_parse(hex, strlen(hex), &p->tools);
	return 0;
}

static void
fill_manifest(
    const struct session *s, const struct parent *p, struct manifest *m)
{
	const struct manifest *old =
	    p->open ? &chain_newest(&p->chain)->manifest : NULL;

	m->agent = mem_strdup(s->info.id);
	m->seq = s->mark.seq;
	m->head = s->mark.head;
	m->time = s->mark.time;
	if (old == NULL)
		return;
	m->since = old->seq;
	m->has_parent = true;
	m->parent = chain_newest(&p->chain)->id;
	m->deltas = old->deltas;
	m->full_bytes = old->full_bytes;
	m->delta_bytes = old->delta_bytes;
}

static int
record_ckpt(struct session *s, const struct manifest *m,
    const struct written *w, int64_t offset, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw j = {.out = &body};
	const struct {
		const char *key;
		const struct digest *d;
	} digests[] = {{"bundle", &w->id},
	    {"parent", m->has_parent ? &m->parent : NULL}, {"head", &m->head},
	    {"state", &m->state}, {"work", &m->work}};
	size_t i;

	jsonw_object(&j, NULL);
	for (i = 0; i < COUNT_OF(digests); i++) {
		if (digests[i].d == NULL)
			continue;
		jsonw_digest(&j, digests[i].key, digests[i].d);
	}
	jsonw_integer(&j, "covers", m->seq);
	jsonw_integer(&j, "offset", offset);
	jsonw_bool(&j, "full", m->full);
	jsonw_integer(&j, "bytes", w->packed);
	jsonw_integer(&j, "files", m->files);
	jsonw_end(&j, '}');
	return session_stage(
	    s, RECORD_CKPT, (struct slice){body.data, body.len}, e);
}

int
ckpt_scan(const struct session *s, const struct snapshot *old, bool to_save,
    struct snapshot *now, int *work, struct err *e)
{
	struct scan_options o = {.old = old, .to_save = to_save};
	struct stat st;
	int fd;

	if (fstat(s->root->fd, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the root");
	o.skip_device = s->own ? 0 : st.st_dev;
	o.skip_inode = s->own ? 0 : st.st_ino;
	if (file_open_dir(s->workspace, false, &fd, e) < 0)
		return -1;
	if (scan_tree(fd, &o, now, e) < 0) {
		(void)close(fd);
		return -1;
	}
	*work = fd;
	return 0;
}

/* What the workspace is, and what the parent's was: from the stat cache when
 * that is the parent's tree, else from its bundles. */
static int
scan(const struct session *s, struct parent *p, struct snapshot *old,
    struct snapshot *now, int *work, const struct snapshot **base,
    struct err *e)
{
	snapshot_load(s->dir, old);
	if (ckpt_scan(s, old, true, now, work, e) < 0)
		return -1;
	*base = NULL;
	if (!p->open)
		return 0;
	if (digest_equal(&old->work, &chain_newest(&p->chain)->manifest.work)) {
		*base = old;
		return 0;
	}
	if (chain_tree(&p->chain, 0, &p->tree, e) < 0)
		return -1;
	*base = &p->tree;
	return 0;
}

struct saving_parts {
	struct parent parent;
	struct snapshot old, now;
	struct span span;
	struct buf state, grants;
	struct manifest m;
	int work, dir;
};

static int
save_parts(struct session *s, struct saving_parts *p, struct save *save,
    struct ckpt_saved *out, struct err *e)
{
	struct slice state = {p->state.data, p->state.len};
	struct content_range range = {p->span.fd, p->span.from, JOURNAL_FILE};
	struct writer_agent agent = {.state = state,
	    .grants = {p->grants.data, p->grants.len},
	    .journal = content_file(&range, p->span.to - p->span.from),
	    .blob = p->span.blob,
	    .blob_count = p->span.count};
	struct written w;

	span_contents(&p->span);
	save->root = p->work;
	save->tree = &p->now;
	save->agent = &agent;
	ckpt_name(p->m.seq, out->name);
	if (save_file(save, p->dir, out->name, &p->m, &w, e) < 0 ||
	    snapshot_store(s->dir, &p->now, e) < 0 ||
	    record_ckpt(s, &p->m, &w, p->span.to, e) < 0 ||
	    session_commit(s, e) < 0)
		return -1;
	out->id = w.id;
	out->seq = p->m.seq;
	out->packed = w.packed;
	out->files = p->m.files;
	out->full = p->m.full;
	return 0;
}

static int
prepare(struct session *s, bool full, struct saving_parts *p, struct save *save,
    struct err *e)
{
	if (session_commit(s, e) < 0 ||
	    file_make_dir(s->dir, CKPT_DIR, 0700, e) < 0 ||
	    file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &p->dir, e) <
		0 ||
	    bundle_sweep(p->dir, e) < 0 ||
	    parent_open(s, p->dir, &p->parent, e) < 0 ||
	    scan(s, &p->parent, &p->old, &p->now, &p->work, &save->base, e) < 0)
		return -1;
	fill_manifest(s, &p->parent, &p->m);
	if (full ||
	    (p->parent.open &&
		save_wants_full(&chain_newest(&p->parent.chain)->manifest)))
		save->base = NULL;
	state_json(&s->state, &p->state);
	grants_json(&s->state, &p->grants);
	return span_read(s,
	    p->parent.open ? &chain_newest(&p->parent.chain)->manifest : NULL,
	    &p->parent.tools, &p->span, e);
}

int
ckpt_save(struct session *s, bool full,
    void (*progress)(void *arg, int64_t bytes), void *arg,
    struct ckpt_saved *out, struct err *e)
{
	struct saving_parts p = {.span.fd = -1, .work = -1, .dir = -1};
	struct sign_secret key;
	struct save save = {
	    .progress = progress, .arg = arg, .options.key = &key};
	int r;

	if (root_secret(s->root, &key, e) < 0)
		return -1;
	r = prepare(s, full, &p, &save, e);
	if (r == 0)
		r = save_parts(s, &p, &save, out, e);
	sign_wipe(&key);
	parent_free(&p.parent);
	snapshot_free(&p.old);
	snapshot_free(&p.now);
	span_free(&p.span);
	buf_free(&p.state);
	buf_free(&p.grants);
	manifest_free(&p.m);
	fd_cleanup(&p.work);
	fd_cleanup(&p.dir);
	return r < 0 ? err_wrap(e, "checkpoint") : 0;
}
