#include "agent/ckptside.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/statejson.h"
#include "base/file.h"
#include "base/mem.h"

static bool
is_live(const struct root *root, const char *name)
{
	size_t n = strlen(name), skip = strlen(CKPT_LIVE);
	struct stat st;

	return root != NULL && n > skip &&
	       strcmp(name + n - skip, CKPT_LIVE) == 0 && stat(name, &st) < 0;
}

static int
open_live(struct root *root, const char *name, bool files, struct ckpt_side *s,
    struct err *e)
{
	char *agent CLEANUP_FREE =
	    mem_dup(name, strlen(name) - strlen(CKPT_LIVE));
	struct snapshot old CLEANUP(snapshot_free) = {0};

	if (root_find(root, agent, s->agent, e) < 0 ||
	    session_read(root, s->agent, false, &s->session, e) < 0)
		return -1;
	s->live = true;
	state_json(&s->session.state, &s->state);
	grants_json(&s->session.state, &s->grants);
	if (!files)
		return 0;
	snapshot_load(s->session.dir, &old);
	if (ckpt_scan(
		&s->session, &old, &old, false, &s->now, &s->work, NULL, e) < 0)
		return -1;
	return scan_hash(s->work, &s->now, e);
}

static int
open_bundle(struct root *root, const char *name, bool files, int64_t most,
    struct ckpt_side *s, struct err *e)
{
	struct bundle *b;

	if (ckpt_open(root, name, files ? CKPT_TREE : CKPT_ALONE, most,
		&s->bundle, e) < 0)
		return -1;
	b = chain_newest(&s->bundle.chain);
	(void)snprintf(s->agent, sizeof(s->agent), "%s", b->manifest.agent);
	if (bundle_member(b, "agent/state.json", BLOB_MAX, &s->state, e) < 0)
		return -1;
	return bundle_member(b, "agent/grants.json", BLOB_MAX, &s->grants, e);
}

int
ckpt_side_open(struct root *root, const char *name, bool files, int64_t most,
    struct ckpt_side *out, struct err *e)
{
	struct ckpt_side s = {.bundle.dir = -1, .work = -1};
	int r;

	r = is_live(root, name) ? open_live(root, name, files, &s, e)
				: open_bundle(root, name, files, most, &s, e);
	if (r < 0) {
		ckpt_side_close(&s);
		return -1;
	}
	*out = s;
	return 0;
}

void
ckpt_side_close(struct ckpt_side *s)
{
	chain_walk_free(&s->walk);
	ckpt_close(&s->bundle);
	if (s->live)
		session_close(&s->session);
	snapshot_free(&s->now);
	fd_cleanup(&s->work);
	buf_free(&s->state);
	buf_free(&s->grants);
}

int
ckpt_side_messages(struct ckpt_side *s, struct buf *out, struct err *e)
{
	struct state made;

	if (s->live) {
		buf_add(out, s->session.state.convo.data,
		    s->session.state.convo.len);
		return 0;
	}
	if (ckpt_reach_first(&s->bundle, e) < 0 ||
	    ckpt_state(&s->bundle.chain, &made, e) < 0)
		return -1;
	buf_add(out, made.convo.data, made.convo.len);
	state_free(&made);
	return 0;
}

int
ckpt_side_tree(struct ckpt_side *s, struct tree_source *out, struct err *e)
{
	if (s->live) {
		s->seen = (struct snapshot_walk){.snapshot = &s->now};
		*out = source_snapshot(&s->seen);
		return 0;
	}
	if (chain_walk_init(&s->walk, &s->bundle.chain, e) < 0)
		return -1;
	*out = source_chain(&s->walk);
	return 0;
}

static int
to_buf(void *arg, const void *data, size_t n, struct err *e)
{
	(void)e;
	buf_add(arg, data, n);
	return 0;
}

int
ckpt_side_content(struct ckpt_side *s, const struct entry *n, size_t most,
    struct buf *out, struct err *e)
{
	struct sink sink = {to_buf, out};
	int fd CLEANUP_FD = -1;
	struct digest is;

	if (n->size > (int64_t)most)
		return err_set(e, EX_LIMIT, 0, "'%.*s' is too large",
		    (int)n->path.len, n->path.data);
	if (!s->live)
		return chain_content(&s->bundle.chain, n->path, &sink, e);
	if (scan_open(s->work, n, &fd, e) < 0 ||
	    file_read_fd(fd, "file", most, out, e) < 0)
		return -1;
	digest_of(buf_str(out), out->len, &is);
	if (!digest_equal(&is, &n->sha256))
		return err_set(e, EX_TEMPFAIL, 0,
		    "'%.*s' changes while it is read", (int)n->path.len,
		    n->path.data);
	return 0;
}
