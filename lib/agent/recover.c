/*
 * Calls that a dead run left open: tool.call is durable, its result is not.
 * What is done with one follows from its effect alone.
 */
#include "agent/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/forkcall.h"
#include "agent/joincall.h"
#include "agent/request.h"
#include "agent/sending.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/tree.h"

static struct tool_context
context(struct runner *r)
{
	return (struct tool_context){.launcher = r->launcher,
	    .policy = &r->s->state.policy,
	    .workspace = r->s->workspace,
	    .hidden = r->s->root->path,
	    .quarantine = r->s->quarantine,
	    .now = journal_now(&r->s->journal),
	    .labels = r->s->state.labels,
	    .files = &r->s->state.files};
}

/* What it may have changed has its labels, whoever saw it end. */
static int
result(struct runner *r, const struct call *c, enum tool_status status,
    const char *text, struct err *e)
{
	const struct tool *t = tool_find(&r->tools, c->name);
	const struct tool_context ctx = context(r);
	struct json *args CLEANUP_JSON = NULL;
	struct tool_result res;
	struct err ignored;
	int got;

	tool_result_init(&res);
	res.status = status;
	buf_puts(&res.text, text);
	if (c->verdict == GRANT_ALLOW && t != NULL &&
	    c->effect != EFFECT_NONE &&
	    json_parse(c->arguments, strlen(c->arguments), &args, &ignored) ==
		0)
		tool_left(t, args, &ctx, c->time, &res);
	got = callrecord_result(r, c, NULL, &res, e);
	tool_result_free(&res);
	return got;
}

static int
interrupted(struct runner *r, const struct call *c, struct err *e)
{
	return result(r, c, TOOL_INTERRUPTED,
	    "the run was interrupted during this call; files may be partly "
	    "changed: look before you go on",
	    e);
}

/* write_file and edit_file: the digests before and after are known. */
static int
compare(struct runner *r, const struct tool *t, size_t index, struct err *e)
{
	const struct call *c = &r->s->state.calls[index];
	const struct tool_context ctx = context(r);
	struct json *args CLEANUP_JSON = NULL;
	struct digest now;
	struct err why;
	bool exists;

	if (json_parse(c->arguments, strlen(c->arguments), &args, &why) < 0 ||
	    tool_look(t, args, &ctx, &now, &exists, &why) < 0)
		return result(r, c, TOOL_INTERRUPTED, why.msg, e);
	if (exists && digest_equal(&now, &c->after))
		return result(
		    r, c, TOOL_OK, "done (seen after an interruption)", e);
	if (exists == c->existed && (!exists || digest_equal(&now, &c->before)))
		return calls_make(r, index, index + 1, e);
	return result(r, c, TOOL_INTERRUPTED,
	    "the run was interrupted during this call, and the file is neither "
	    "as it was before nor as the call would leave it: look at it",
	    e);
}

/* ---- pre-images --------------------------------------------------------------------- */

/* Is the whole copy there?  It gets its name once it is. */
static bool
has_preimage(struct runner *r, const struct call *c)
{
	char name[80];
	struct stat st;

	(void)snprintf(name, sizeof(name), "pre/%s", c->id);
	return r->s->own &&
	       fstatat(r->s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Is this the pre-image of the call itself, or of the one before it?  That
 * one's result may be staged only, so that a crash would open it again. */
static bool
is_needed(struct runner *r, const struct call *c, const char *name)
{
	const struct state *s = &r->s->state;
	size_t i;

	for (i = 0; i < s->call_count; i++)
		if (strcmp(s->calls[i].id, c->id) == 0)
			return strcmp(name, c->id) == 0 ||
			       (i > 0 && strcmp(name, s->calls[i - 1].id) == 0);
	return true;
}

static int
drop_preimages(struct runner *r, const struct call *c, int pre, struct err *e)
{
	int fd = openat(pre, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), got = 0;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (stream == NULL) {
		fd_cleanup(&fd);
		return err_set(e, EX_IOERR, errno, "cannot read 'pre'");
	}
	while (got == 0 && (d = readdir(stream)) != NULL)
		if (file_is_name(d->d_name) && !is_needed(r, c, d->d_name))
			got = file_remove_tree(pre, d->d_name, e);
	(void)closedir(stream);
	return got;
}

/* "pre/12.0": the workspace as it was before that call. */
static int
make_preimage(struct runner *r, const struct call *c, struct err *e)
{
	int work CLEANUP_FD = -1, pre CLEANUP_FD = -1;
	char tmp[80];

	(void)snprintf(tmp, sizeof(tmp), "%s.new", c->id);
	if (file_make_dir(r->s->dir, "pre", 0700, e) < 0 ||
	    file_open(r->s->dir, "pre", O_RDONLY | O_DIRECTORY, 0, &pre, e) <
		0 ||
	    drop_preimages(r, c, pre, e) < 0 ||
	    file_remove_tree(pre, c->id, e) < 0 ||
	    file_open_dir(r->s->workspace, false, &work, e) < 0 ||
	    tree_copy(work, pre, tmp, 0, 0, e) < 0)
		return -1;
	if (renameat(pre, tmp, pre, c->id) < 0)
		return err_set(e, EX_IOERR, errno, "cannot keep a pre-image");
	if (file_sync(pre, "pre", e) < 0)
		return -1;
	return file_sync(r->s->dir, "agent", e);
}

int
recover_preimage(struct runner *r, const struct call *c, struct err *e)
{
	if (!r->s->own)
		return 0;
	/* Made again: it stands as it was before the first time. */
	if (c->seq <= r->s->journal.mark.seq && has_preimage(r, c))
		return 0;
	return make_preimage(r, c, e) < 0 ? err_wrap(e, "pre-image") : 0;
}

static int
record_restore(
    struct runner *r, const struct call *c, const char *saved, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", c->id);
	jsonw_string(&w, "from", "pre-image");
	jsonw_string(&w, "saved", saved);
	jsonw_end(&w, '}');
	return session_stage(
	    r->s, RECORD_RESTORE, (struct slice){body.data, body.len}, e);
}

/* What stands there goes below saved/, but once: after a redo that died as
 * well, the first is kept. */
static int
save_work(struct runner *r, const char *name, struct err *e)
{
	int saved CLEANUP_FD = -1, dir = r->s->dir;
	struct stat st;

	if (file_make_dir(dir, "saved", 0700, e) < 0 ||
	    file_open(dir, "saved", O_RDONLY | O_DIRECTORY, 0, &saved, e) < 0)
		return -1;
	if (fstatat(saved, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return file_remove_tree(dir, "work", e);
	if (renameat(dir, "work", saved, name) < 0)
		return err_set(e, EX_IOERR, errno, "cannot save the workspace");
	return file_sync(saved, "saved", e);
}

/*
 * Put the agent's own workspace back.  Once "work" is away "work.new" is
 * whole, and session_write finishes what dies in between.
 */
static int
put_back(struct runner *r, const struct call *c, struct err *e)
{
	char pre[80], saved[80];
	int from CLEANUP_FD = -1, dir = r->s->dir;

	(void)snprintf(pre, sizeof(pre), "pre/%s", c->id);
	(void)snprintf(saved, sizeof(saved), "saved/%s", c->id);
	if (file_remove_tree(dir, "work.new", e) < 0 ||
	    file_open(dir, pre, O_RDONLY | O_DIRECTORY, 0, &from, e) < 0 ||
	    tree_copy(from, dir, "work.new", 0, 0, e) < 0 ||
	    save_work(r, c->id, e) < 0)
		return -1;
	if (renameat(dir, "work.new", dir, "work") < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot put the workspace back");
	if (file_sync(dir, "agent", e) < 0)
		return -1;
	return record_restore(r, c, saved, e);
}

/* It was not allowed, or waits for a person: nothing has been done. */
static int
refused(struct runner *r, const struct call *c, struct err *e)
{
	const struct request *q =
	    request_like(&r->s->state, c->name, c->arguments, NULL);
	char *note CLEANUP_FREE = NULL;

	if (c->verdict == GRANT_DENY)
		return result(r, c, TOOL_DENIED, "not allowed", e);
	note = q == NULL ? mem_strdup("a person was asked")
			 : asking_pending(q->id);
	return result(r, c, TOOL_PENDING, note, e);
}

int
recover_call(struct runner *r, size_t index, struct err *e)
{
	struct call *c = &r->s->state.calls[index];
	const struct tool *t = tool_find(&r->tools, c->name);

	if (c->verdict != GRANT_ALLOW)
		return refused(r, c, e);
	if (t == NULL)
		return result(r, c, TOOL_UNKNOWN,
		    "the run was interrupted during this call, and the tool is "
		    "no longer there",
		    e);
	if (sending_is(t) /* under the same name */ || joincall_is(t) ||
	    forkcall_is(t))
		return calls_make(r, index, index + 1, e);
	switch (c->effect) {
	case EFFECT_NONE:
		return calls_make(r, index, index + 1, e);
	case EFFECT_EXTERNAL:
		return result(r, c, TOOL_UNKNOWN,
		    "the run was interrupted during this call; whether it took "
		    "effect is not known: find out before you repeat it",
		    e);
	default:
		break;
	}
	if (c->prepared)
		return compare(r, t, index, e);
	if (t->prepares) /* it had failed before anything could change */
		return calls_make(r, index, index + 1, e);
	if (!has_preimage(r, c))
		return interrupted(r, c, e);
	if (put_back(r, c, e) < 0)
		return -1;
	return calls_make(r, index, index + 1, e);
}
