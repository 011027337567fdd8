#include "agent/rework.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ckpt.h"
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

/* ---- carry it out, and say so ---------------------------------------------------------------- */

/* What the model is told when files of a join could not be put in place. */
static void
put_note(struct jsonw *w, const char *child, const struct conflicts *c)
{
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	if (c->count == 0)
		return;
	buf_printf(&text, "[files that agent %s changed could not be put here]",
	    child);
	for (i = 0; i < c->count && i < NAMED; i++)
		buf_printf(&text, "\n%s: %s", c->item[i].path, c->item[i].why);
	jsonw_text(w, "text", buf_str(&text), text.len);
}

static int
record_done(struct session *s, const struct conflicts *c, struct err *e)
{
	const char *child = s->state.joining;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_maybe(&w, "child", child);
	if (child != NULL)
		jsonw_string(&w, "phase", "done");
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
	if (child != NULL)
		put_note(&w, child, c);
	jsonw_end(&w, '}');
	if (session_stage(s, child != NULL ? RECORD_JOIN : RECORD_RESTORE,
		(struct slice){body.data, body.len}, e) < 0)
		return -1;
	return session_commit(s, e);
}

/* Put all in its place: `work` is -1 when the workspace is gone. */
static int
carry_out(struct session *s, int work, struct conflicts *out, struct err *e)
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
	s->reworked = true;
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
	struct conflicts unsaid CLEANUP(conflicts_free) = {0};
	int work CLEANUP_FD = -1;

	if (open_work(s, &work, e) < 0 ||
	    carry_out(s, work, out == NULL ? &unsaid : out, e) < 0)
		return -1;
	return sweep(s, work, e);
}

int
rework_finish(struct session *s, struct conflicts *out, struct err *e)
{
	if (session_commit(s, e) < 0)
		return -1;
	return s->state.restoring == 0 ? 0 : complete(s, out, e);
}

int
rework_recover(struct session *s, struct err *e)
{
	bool join = s->state.joining != NULL;

	if (s->state.restoring == 0 &&
	    faccessat(s->dir, MARK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (complete(s, NULL, e) < 0)
		return err_wrap(e, join ? "a join that was interrupted"
					: "a restore that was interrupted");
	return 0;
}

/* ---- prepare it -------------------------------------------------------------------------------- */

int
rework_saved(
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

int
rework_stage(struct session *s, struct chain *files,
    const struct restoreplan *plan, const struct restore_options *o,
    struct err *e)
{
	int work CLEANUP_FD = -1;
	char name[TMP_NAME];

	if (plan->after.count == 0)
		return 0;
	tmp_name(s, name);
	if (file_open_dir(s->workspace, false, &work, e) < 0)
		return err_wrap(e, "workspace");
	/* First the mark: whoever comes next knows what to take away. */
	if (file_replace(s->dir, MARK_FILE, "", 0, 0600, e) < 0)
		return -1;
	return restoreplan_stage(plan, files, work, name, o, e);
}

void
rework_drop(struct session *s)
{
	int work CLEANUP_FD = -1;
	struct err lost;

	if (s->state.restoring == 0 && open_work(s, &work, &lost) == 0)
		(void)sweep(s, work, &lost);
}

int
rework_put(struct session *s, const struct restoreplan *p, struct jsonw *w,
    struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct digest paths;

	if (p->after.count == 0)
		return 0;
	restoreplan_text(p, &text);
	if (text.len > BLOB_MAX)
		return err_set(e, EX_LIMIT, 0,
		    "%zu paths differ, more than a record can name",
		    p->after.count);
	if (blob_put(s->root, text.data, text.len, &paths, e) < 0)
		return -1;
	jsonw_integer(w, "path_count", (int64_t)p->after.count);
	jsonw_digest(w, "paths", &paths);
	return 0;
}
