#include "agent/ckpt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ckptrecord.h"
#include "agent/ckptspan.h"
#include "agent/statejson.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "bundle/withhold.h"

#define STATE_MAX ((size_t)64 << 20)

/* The last bundle, when there is one, and its tree. */
struct parent {
	struct bundle *bundle;
	struct snapshot tree; /* from its chain, if it was asked for */
	struct digest tools;  /* named by its history */
};

static void
parent_free(struct parent *p)
{
	bundle_close(p->bundle);
	snapshot_free(&p->tree);
}

static int
parent_open(const struct session *s, int dir, struct parent *p, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	const char *hex;

	if (!s->state.has_ckpt)
		return 0;
	if (ckpt_bundle(dir, s->state.ckpt_seq, &p->bundle, e) < 0)
		return -1;
	if (!bundle_stands_for(p->bundle, &s->state.ckpt_id))
		return err_set(e, EX_DATAERR, 0,
		    "the last bundle is not the one that was recorded");
	if (bundle_member(p->bundle, "agent/state.json", STATE_MAX, &text, e) <
		0 ||
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
	const struct manifest *old = p->bundle ? &p->bundle->manifest : NULL;

	m->agent = mem_strdup(s->info.id);
	m->seq = s->mark.seq;
	m->head = s->mark.head;
	m->time = s->mark.time;
	if (old == NULL)
		return;
	m->since = old->seq;
	m->has_parent = true;
	m->parent = p->bundle->id;
	m->deltas = old->deltas;
	m->full_bytes = old->full_bytes;
	m->delta_bytes = old->delta_bytes;
}

int
ckpt_scan(const struct session *s, const struct snapshot *old,
    const struct snapshot *last, bool to_save, struct snapshot *now, int *work,
    struct buf *withheld, struct err *e)
{
	struct scan_options o = {.old = old, .to_save = to_save};
	struct buf unsaid CLEANUP_BUF = {0};
	struct snapshot tree;
	struct stat st;
	int fd;

	if (fstat(s->root->fd, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the root");
	o.skip_device = s->own ? 0 : st.st_dev;
	o.skip_inode = s->own ? 0 : st.st_ino;
	if (file_open_dir(s->workspace, false, &fd, e) < 0)
		return -1;
	if (scan_tree(fd, &o, &tree, e) < 0) {
		(void)close(fd);
		return -1;
	}
	if (withhold(fd, &tree, last, s->root->secrets,
		withheld == NULL ? &unsaid : withheld, e) < 0) {
		snapshot_free(&tree);
		(void)close(fd);
		return -1;
	}
	*now = tree;
	*work = fd;
	return 0;
}

/* What the workspace is, and what the parent's was: from the stat cache when
 * that is the parent's tree, else from its bundles. */
static int
scan(const struct session *s, struct parent *p, int dir, struct snapshot *old,
    struct snapshot *now, int *work, struct buf *withheld,
    const struct snapshot **base, struct err *e)
{
	struct chain chain CLEANUP(chain_close) = {0};

	snapshot_load(s->dir, old);
	*base = NULL;
	if (p->bundle != NULL &&
	    digest_equal(&old->work, &p->bundle->manifest.work)) {
		*base = old;
	} else if (p->bundle != NULL) {
		if (ckpt_follow(dir, s->state.ckpt_seq, false, &chain, e) < 0 ||
		    chain_tree(&chain, 0, &p->tree, e) < 0)
			return -1;
		*base = &p->tree;
	}
	return ckpt_scan(s, old, *base, true, now, work, withheld, e);
}

struct saving_parts {
	struct parent parent;
	struct snapshot old, now;
	struct span span;
	struct buf state, grants, withheld;
	struct manifest m;
	int work, dir;
};

static int
save_parts(struct session *s, struct saving_parts *p, struct save *save,
    struct ckpt_saved *out, struct err *e)
{
	struct slice state = {p->state.data, p->state.len};
	struct writer_agent agent = {.state = state,
	    .grants = {p->grants.data, p->grants.len},
	    .journal = span_journal(&p->span),
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
	    ckpt_record(s, &p->m, &w, span_end(&p->span), e) < 0)
		return -1;
	out->id = w.id;
	out->seq = p->m.seq;
	out->packed = w.packed;
	out->files = p->m.files;
	out->full = p->m.full;
	out->withheld = p->withheld.len == 0 ? NULL : buf_steal(&p->withheld);
	return 0;
}

static int
prepare(struct session *s, bool full, struct saving_parts *p, struct save *save,
    struct err *e)
{
	const struct manifest *parent;

	if (session_commit(s, e) < 0 ||
	    file_make_dir(s->dir, CKPT_DIR, 0700, e) < 0 ||
	    file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &p->dir, e) <
		0 ||
	    bundle_sweep(p->dir, e) < 0 || ckpt_adopt(s, p->dir, e) < 0 ||
	    parent_open(s, p->dir, &p->parent, e) < 0 ||
	    scan(s, &p->parent, p->dir, &p->old, &p->now, &p->work,
		&p->withheld, &save->base, e) < 0)
		return -1;
	fill_manifest(s, &p->parent, &p->m);
	parent = p->parent.bundle ? &p->parent.bundle->manifest : NULL;
	if (full || (parent != NULL && save_wants_full(parent)))
		save->base = NULL;
	state_json(&s->state, &p->state);
	grants_json(&s->state, &p->grants);
	return span_read(s, parent, &p->parent.tools, &p->span, e);
}

void
ckpt_saved_free(struct ckpt_saved *s)
{
	free(s->withheld);
	s->withheld = NULL;
}

int
ckpt_save(struct session *s, bool full,
    void (*progress)(void *arg, int64_t bytes), void *arg,
    struct ckpt_saved *out, struct err *e)
{
	struct saving_parts p = {.work = -1, .dir = -1};
	struct sign_secret key;
	struct save save = {
	    .progress = progress, .arg = arg, .options.key = &key};
	int r;

	assert(!s->brief);
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
	buf_free(&p.withheld);
	manifest_free(&p.m);
	fd_cleanup(&p.work);
	fd_cleanup(&p.dir);
	return r < 0 ? err_wrap(e, "checkpoint") : 0;
}
