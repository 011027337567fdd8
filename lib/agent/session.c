#include "agent/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/cache.h"
#include "agent/fork.h"
#include "agent/lease.h"
#include "agent/lineage.h"
#include "agent/past.h"
#include "agent/post.h"
#include "agent/redact.h"
#include "agent/rework.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/num.h"

#define FOLD_MOST 256 /* records that are folded again and again */

/*
 * A mark that was made before is a head that is known: what it stands behind
 * must still be there.  At a stop that is a seal, which is short; a longer
 * record is left to the chain.
 */
static int
check_mark(
    const struct journal_mark *m, const struct lineage_reader *r, struct err *e)
{
	int fd CLEANUP_FD = -1;
	char room[8192];
	size_t n = m->offset < (int64_t)sizeof(room) ? (size_t)m->offset
						     : sizeof(room);
	struct record rec;
	struct err why;
	const char *nl;
	ssize_t got;

	if (n == 0)
		return 0;
	if (lineage_journal(r->lineage, r->at, &fd, e) < 0)
		return -1;
	got = pread(fd, room, n, m->offset - (int64_t)n);
	if (got < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the journal");
	if (got < (ssize_t)n)
		return err_set(e, EX_DATAERR, 0,
		    "the journal was cut: record %" PRId64 " is gone", m->seq);
	nl = memrchr(room, '\n', n - 1);
	if (nl == NULL && n == sizeof(room))
		return 0;
	nl = nl == NULL ? room : nl + 1;
	if (record_parse(nl, (size_t)(room + n - 1 - nl), &rec, &why) < 0 ||
	    !digest_equal(&rec.digest, &m->head))
		return err_set(e, EX_DATAERR, 0,
		    "the journal was changed: record %" PRId64 " is not the "
		    "one that was written (agent-audit verify)",
		    m->seq);
	return 0;
}

static int
fold(struct session *s, struct lineage_reader *r, struct err *e)
{
	struct blob_source blobs = blob_root(s->root);
	struct buf room CLEANUP_BUF = {0};
	struct record rec;
	int got;

	while ((got = lineage_next(r, &rec, e)) == 1)
		if (blob_expand(&blobs, rec.body, &room, &rec.body, e) < 0 ||
		    state_apply(&s->state, &rec, e) < 0)
			return -1;
	if (got == 0)
		s->mark = r->reader.mark;
	return got;
}

/* Of an agent that was forked, the cache may still be its parent's. */
static int
fold_all(struct session *s, bool brief, struct err *e)
{
	struct lineage l CLEANUP_LINEAGE = {0};
	struct journal_mark mark;
	struct lineage_reader r;
	bool cached = cache_load(s->dir, brief, &s->state, &mark) == 1;
	int got = 0;

	s->state.past = past_of_journal(s->root, s->dir);
	if (lineage_open(s->dir, &s->info, &l, e) < 0)
		return -1;
	lineage_reader_init(&r, &l, cached ? &mark : NULL);
	s->cached = cached ? mark.seq : 0;
	if (cached)
		got = check_mark(&mark, &r, e);
	if (got == 0)
		got = fold(s, &r, e);
	lineage_reader_free(&r);
	return got;
}

static int
open_dir(struct root *root, const char *path, const char *id, struct session *s,
    struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->root = root;
	s->dir = s->lock = s->run = s->naming = s->journal.fd = -1;
	state_init(&s->state);
	if (file_open(root->agents, path, O_RDONLY | O_DIRECTORY, 0, &s->dir,
		e) < 0 ||
	    info_read(s->dir, id, &s->info, e) < 0)
		return -1;
	s->own = s->info.workspace == NULL;
	s->workspace = s->own ? mem_printf("%s/agents/%s/work", root->path, id)
			      : mem_strdup(s->info.workspace);
	s->quarantine = mem_printf("%s/agents/%s/quarantine", root->path, id);
	return 0;
}

int
session_read(struct root *root, const char *id, bool brief, struct session *out,
    struct err *e)
{
	struct session s;

	if (open_dir(root, id, id, &s, e) < 0 || fold_all(&s, brief, e) < 0) {
		session_close(&s);
		return err_wrap(e, "agent '%s'", id);
	}
	*out = s;
	return 0;
}

/* ---- to write --------------------------------------------------------------- */

/* A workspace was being put back (recover.c) and died between two renames:
 * the old one is away already, and the new one, whole, has not its place. */
static int
finish_put_back(struct session *s, struct err *e)
{
	struct stat st;

	if (!s->own || fstatat(s->dir, "work", &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (renameat(s->dir, "work.new", s->dir, "work") == 0)
		return file_sync(s->dir, "agent", e);
	return errno == ENOENT ? 0
			       : err_set(e, EX_IOERR, errno,
				     "cannot put the workspace back");
}

static int
note_cut(struct session *s, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char hex[DIGEST_HEX + 1];

	if (s->journal.cut_bytes == 0)
		return 0;
	digest_hex(&s->journal.cut, hex);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "note", "an unfinished group was cut off");
	jsonw_integer(&w, "bytes", s->journal.cut_bytes);
	jsonw_string(&w, "sha256", hex);
	jsonw_end(&w, '}');
	return session_stage(
	    s, RECORD_NOTE, (struct slice){body.data, body.len}, e);
}

static int
begin(struct session *s, struct err *e)
{
	return session_reap(s, e) < 0 || finish_put_back(s, e) < 0 ||
		       fold_all(s, s->brief, e) < 0 ||
		       lease_open_journal(
			   s->lease, s->dir, &s->mark, &s->journal, e) < 0 ||
		       note_cut(s, e) < 0 || rework_recover(s, e) < 0
		   ? -1
		   : 0;
}

static int
hold(struct session *s, struct err *e)
{
	return s->root->lease == 0
		   ? lock_take(s->dir, "lock", &s->lock, e)
		   : lease_take(s->dir, s->root->lease, &s->lease, e);
}

static int
write_open(struct root *root, const char *id, bool brief, struct session *out,
    struct err *e)
{
	bool again = false;
	struct session s;
	int got;

	do {
		if (again) /* what it has read is there no more */
			session_close(&s);
		again = false;
		got = open_dir(root, id, id, &s, e);
		s.brief = brief;
		if (got < 0 || hold(&s, e) < 0 || begin(&s, e) < 0 ||
		    fork_settle(&s, e) < 0 ||
		    redact_finish(&s, &again, e) < 0) {
			if (lease_lost(s.lease))
				(void)lease_check(s.lease, e);
			session_close(&s);
			return err_wrap(e, "agent '%s'", id);
		}
	} while (again);
	*out = s;
	return 0;
}

int
session_write(
    struct root *root, const char *id, struct session *out, struct err *e)
{
	return write_open(root, id, false, out, e);
}

int
session_write_brief(
    struct root *root, const char *id, struct session *out, struct err *e)
{
	struct session s;

	if (write_open(root, id, true, &s, e) < 0)
		return -1;
	if (s.mark.seq - s.cached < FOLD_MOST) {
		*out = s;
		return 0;
	}
	/* What is kept is far behind: let it be brought up to date. */
	session_close(&s);
	return write_open(root, id, false, out, e);
}

int
session_adopt(struct root *root, const char *id, int *lock, struct session *out,
    struct err *e)
{
	char *path CLEANUP_FREE = mem_printf(".new/%s", id);
	struct session s;

	if (open_dir(root, path, id, &s, e) < 0 || begin(&s, e) < 0) {
		session_close(&s);
		return err_wrap(e, "agent '%s'", id);
	}
	s.lock = *lock;
	*lock = -1;
	*out = s;
	return 0;
}

void
session_close(struct session *s)
{
	journal_close(&s->journal);
	state_free(&s->state);
	info_free(&s->info);
	revoked_free(&s->revoked);
	free(s->workspace);
	free(s->quarantine);
	s->workspace = s->quarantine = NULL;
	fd_cleanup(&s->run);
	fd_cleanup(&s->dir);
	fd_cleanup(&s->lock);
	lease_release(s->lease);
	s->lease = NULL;
	fd_cleanup(&s->naming);
}

/* Members that go to a blob when they are large, and under which name. */
static const struct {
	const char *plain, *blob;
	bool quoted;
} large[] = {
    {"text", "blob", true},
    {"arguments", "arguments_blob", true},
    {"calls", "calls_blob", false},
    {"provider", "provider_blob", false},
    {"parts", "parts_blob", false},
};

static int
move_large(struct session *s, struct buf *body, struct err *e)
{
	struct slice whole, token;
	struct digest d;
	char hex[DIGEST_HEX + 1];
	size_t i, klen;

	for (i = 0; i < COUNT_OF(large) && body->len > BLOB_OVER; i++) {
		struct buf next = {0}, data CLEANUP_BUF = {0};

		whole = (struct slice){body->data, body->len};
		if (json_raw(whole, large[i].plain, &token) < 0 ||
		    token.len <= BLOB_OVER)
			continue;
		if (large[i].quoted)
			json_unquote(&data, token);
		else
			buf_add(&data, token.data, token.len);
		if (blob_put(s->root, data.data, data.len, &d, e) < 0)
			return -1;
		digest_hex(&d, hex);
		klen = strlen(large[i].plain) + 3;
		buf_add(&next, body->data,
		    (size_t)(token.data - body->data) - klen);
		buf_printf(&next, "\"%s\":\"%s\"", large[i].blob, hex);
		buf_add(&next, token.data + token.len,
		    body->len - (size_t)(token.data + token.len - body->data));
		buf_free(body);
		*body = next;
	}
	return 0;
}

int
session_stage(
    struct session *s, enum record_type type, struct slice body, struct err *e)
{
	struct buf small CLEANUP_BUF = {0}, clean CLEANUP_BUF = {0};
	struct record rec;

	body = secrets_scrub_json(s->root->secrets, body, &clean);
	buf_add(&small, body.data, body.len);
	if (move_large(s, &small, e) < 0)
		return -1;
	journal_stage(
	    &s->journal, type, (struct slice){small.data, small.len}, &rec);
	rec.body = body; /* the fold sees what was said, blobs in place */
	return state_apply(&s->state, &rec, e);
}

/* A fork that is durable now is carried out. */
static int
settle(struct session *s, struct err *e)
{
	s->mark = s->journal.mark;
	if (!s->forked)
		return 0;
	s->forked = false;
	if (fork_settle(s, e) < 0)
		return -1;
	fd_cleanup(&s->naming);
	s->naming = -1;
	return 0;
}

int
session_commit(struct session *s, struct err *e)
{
	return journal_commit(&s->journal, e) < 0 ? -1 : settle(s, e);
}

int
session_seal(struct session *s, struct err *e)
{
	struct sign_secret key;
	struct record seal = {.type = RECORD_SEAL};
	struct err lost;
	int r;

	if (post_exit(s, e) < 0 || root_secret(s->root, &key, e) < 0)
		return -1;
	r = journal_seal(&s->journal, &key, e);
	sign_wipe(&key);
	if (r < 0 || settle(s, e) < 0)
		return -1;
	seal.seq = s->mark.seq;
	seal.time = s->mark.time;
	seal.body = (struct slice){"null", 4};
	(void)state_apply(&s->state, &seal, &lost);
	if (!s->brief)
		(void)cache_save(s->dir, &s->state, &s->mark, &lost);
	session_forget_children(s);
	return 0;
}
