#include "agent/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"

/* Stands in the agent's folder while files are prepared in its workspace. */
#define MARK_FILE "restoring"
/* Of conflicts that a record names. */
enum { NAMED = 1000 };

#define TMP_NAME (sizeof(RESTORE_TMP) + ULID_TEXT)

static void
tmp_name(const struct session *s, char out[TMP_NAME])
{
	(void)snprintf(out, TMP_NAME, RESTORE_TMP "%s", s->info.id);
}

static int
record(struct session *s, const struct buf *body, struct err *e)
{
	if (session_stage(s, RECORD_RESTORE,
		(struct slice){body->data, body->len}, e) < 0)
		return -1;
	return session_commit(s, e);
}

/* ---- the end: apply, and say so --------------------------------------------------------------- */

static int
record_done(struct session *s, const struct conflicts *c, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_integer(&w, "done", s->state.restoring);
	if (c->count > 0)
		jsonw_integer(&w, "conflict_count", (int64_t)c->count);
	jsonw_array(&w, "conflicts");
	for (i = 0; i < c->count && i < NAMED; i++) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "path", c->item[i].path);
		jsonw_string(&w, "why", c->item[i].why);
		jsonw_end(&w, '}');
	}
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	return record(s, &body, e);
}

/* Put all in its place: `work` is -1 when the workspace is gone. */
static int
finish(struct session *s, int work, struct conflicts *out, struct err *e)
{
	struct restoreplan plan CLEANUP(restoreplan_free) = {0};
	struct buf text CLEANUP_BUF = {0};
	char name[TMP_NAME];

	if (s->state.restoring == 0)
		return 0;
	tmp_name(s, name);
	if (work < 0)
		conflicts_add(out, ".", "the workspace is not there");
	else if (blob_get(s->root, &s->state.restore_paths, &text, e) < 0 ||
		 restoreplan_parse(buf_str(&text), text.len, &plan, e) < 0 ||
		 restoreplan_apply(&plan, work, name, out, e) < 0)
		return -1;
	return record_done(s, out, e);
}

/* Nothing of it is needed any more. */
static int
sweep(struct session *s, int work, struct err *e)
{
	char name[TMP_NAME];

	tmp_name(s, name);
	if (work >= 0 && file_remove_tree(work, name, e) < 0)
		return -1;
	if (unlinkat(s->dir, MARK_FILE, 0) < 0 && errno != ENOENT)
		return err_set(
		    e, EX_IOERR, errno, "cannot remove '%s'", MARK_FILE);
	return 0;
}

static int
open_work(const struct session *s, int *work, struct err *e)
{
	struct err why;

	if (file_open_dir(s->workspace, false, work, &why) == 0 ||
	    why.status == EX_NOINPUT)
		return 0;
	*e = why;
	return err_wrap(e, "workspace");
}

static int
complete(struct session *s, struct conflicts *out, struct err *e)
{
	int work CLEANUP_FD = -1;

	if (open_work(s, &work, e) < 0 || finish(s, work, out, e) < 0)
		return -1;
	return sweep(s, work, e);
}

int
restore_recover(struct session *s, struct err *e)
{
	struct conflicts c CLEANUP(conflicts_free) = {0};

	if (s->state.restoring == 0 &&
	    faccessat(s->dir, MARK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (complete(s, &c, e) < 0)
		return err_wrap(e, "a restore that was interrupted");
	return 0;
}

/* ---- the beginning: save, stage, record -------------------------------------------------------- */

/* What stands there, as it was just saved. */
static int
saved_tree(
    const struct session *s, int64_t seq, struct snapshot *out, struct err *e)
{
	int dir CLEANUP_FD = -1;
	struct chain c;
	int r;

	if (file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &dir, e) <
		0 ||
	    ckpt_follow(dir, seq, false, &c, e) < 0)
		return -1;
	r = chain_tree(&c, 0, out, e);
	chain_close(&c);
	return r;
}

static int
make_plan(const struct session *s, struct chain *files, struct restore *r,
    struct err *e)
{
	struct snapshot is CLEANUP(snapshot_free) = {0};
	struct snapshot want CLEANUP(snapshot_free) = {0};

	if (saved_tree(s, r->saved.seq, &is, e) < 0 ||
	    chain_tree(files, 0, &want, e) < 0)
		return -1;
	restoreplan_make(&is, &want, &r->plan);
	return 0;
}

static int
stage(struct session *s, struct chain *files, const struct restore *r,
    const struct restore_options *o, struct err *e)
{
	int work CLEANUP_FD = -1;
	char name[TMP_NAME];

	tmp_name(s, name);
	if (file_open_dir(s->workspace, false, &work, e) < 0)
		return err_wrap(e, "workspace");
	/* First the mark: whoever comes next knows what to take away. */
	if (file_replace(s->dir, MARK_FILE, "", 0, 0600, e) < 0)
		return -1;
	return restoreplan_stage(&r->plan, files, work, name, o, e);
}

/* The list, as a blob. */
static int
put_paths(struct session *s, const struct restoreplan *p, struct digest *out,
    struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	restoreplan_text(p, &text);
	if (text.len > BLOB_MAX)
		return err_set(e, EX_LIMIT, 0,
		    "%zu paths differ, more than a record can name: restore "
		    "--to a new folder",
		    p->after.count);
	return blob_put(s->root, text.data, text.len, out, e);
}

static int
record_restore(struct session *s, const struct restore *r, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	struct digest paths;
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_digest(&w, "bundle", &r->bundle);
	jsonw_integer(&w, "seq", r->seq);
	jsonw_digest(&w, "saved", &r->saved.id);
	if (r->plan.after.count > 0) {
		if (put_paths(s, &r->plan, &paths, e) < 0)
			return -1;
		jsonw_integer(&w, "path_count", (int64_t)r->plan.after.count);
		jsonw_digest(&w, "paths", &paths);
	}
	jsonw_array(&w, "cancelled");
	for (i = 0; i < r->cancelled_count; i++)
		jsonw_string(&w, NULL, r->cancelled[i].id);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	return record(s, &body, e);
}

static int
go_back(struct session *s, struct chain *files, int64_t seq,
    const struct restore_options *o, struct restore *r, struct err *e)
{
	if (restore_point(s, chain_newest(files), seq, r, e) < 0 ||
	    ckpt_save(s, false, NULL, NULL, &r->saved, e) < 0 ||
	    make_plan(s, files, r, e) < 0)
		return -1;
	if (r->plan.after.count > 0 && stage(s, files, r, o, e) < 0)
		return -1;
	if (record_restore(s, r, e) < 0)
		return -1;
	return complete(s, &r->conflicts, e);
}

int
restore_go_back(struct session *s, struct chain *files, int64_t seq,
    const struct restore_options *o, struct restore *out, struct err *e)
{
	struct restore r = {0};
	int work CLEANUP_FD = -1;
	struct err lost;

	if (go_back(s, files, seq, o, &r, e) == 0) {
		*out = r;
		return 0;
	}
	/* What was only prepared goes; once it is recorded, it is finished by
	 * who opens the agent next. */
	if (s->state.restoring == 0 && open_work(s, &work, &lost) == 0)
		(void)sweep(s, work, &lost);
	restore_free(&r);
	return -1;
}
