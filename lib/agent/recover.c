/*
 * Calls that a dead run left open: tool.call is durable, its result is not.
 * What is done with one follows from its effect alone.
 */
#include "agent/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/tree.h"

static int
result(struct runner *r, const struct call *c, enum tool_status status,
    const char *text, struct err *e)
{
	return calls_result(r, c, status, -1, text, strlen(text), e);
}

static int
interrupted(struct runner *r, const struct call *c, struct err *e)
{
	return result(r, c, TOOL_INTERRUPTED,
	    "the run was interrupted during this call; files may be partly "
	    "changed: look before you go on", e);
}

/* write_file and edit_file: the digests before and after are known. */
static int
compare(struct runner *r, const struct tool *t, size_t index, struct err *e)
{
	const struct call *c = &r->s->state.calls[index];
	struct tool_context ctx = {.launcher = r->launcher,
	    .policy = &r->s->state.policy,
	    .workspace = r->s->workspace,
	    .hidden = r->s->root->path,
	    .now = journal_now(&r->s->journal)};
	struct json *args CLEANUP_JSON = NULL;
	struct digest now;
	struct err why;
	bool exists;

	if (json_parse(c->arguments, strlen(c->arguments), &args, &why) < 0 ||
	    tool_look(t, args, &ctx, &now, &exists, &why) < 0)
		return result(r, c, TOOL_INTERRUPTED, why.msg, e);
	if (exists && digest_equal(&now, &c->after))
		return result(r, c, TOOL_OK,
		    "done (seen after an interruption)", e);
	if (exists == c->existed &&
	    (!exists || digest_equal(&now, &c->before)))
		return calls_make(r, index, index + 1, e);
	return result(r, c, TOOL_INTERRUPTED,
	    "the run was interrupted during this call, and the file is neither "
	    "as it was before nor as the call would leave it: look at it", e);
}

/* ---- pre-images --------------------------------------------------------------------- */

/* "pre/12.0": the workspace as it was before that call; one is kept. */
int
recover_preimage(struct runner *r, const struct call *c, struct err *e)
{
	char tmp[80], name[80];
	int work CLEANUP_FD = -1, pre CLEANUP_FD = -1;

	if (!r->s->own)
		return 0;
	(void)snprintf(tmp, sizeof(tmp), "%s.new", c->id);
	(void)snprintf(name, sizeof(name), "%s", c->id);
	if (file_remove_tree(r->s->dir, "pre", e) < 0 ||
	    file_make_dir(r->s->dir, "pre", 0700, e) < 0 ||
	    file_open(r->s->dir, "pre", O_RDONLY | O_DIRECTORY, 0, &pre,
	    e) < 0 ||
	    file_open_dir(r->s->workspace, false, &work, e) < 0 ||
	    tree_copy(work, pre, tmp, 0, 0, e) < 0)
		return err_wrap(e, "pre-image");
	if (renameat(pre, tmp, pre, name) < 0)
		return err_set(e, EX_IOERR, errno, "cannot keep a pre-image");
	return file_sync(pre, "pre", e);
}

static bool
has_preimage(struct runner *r, const struct call *c)
{
	char name[80];
	struct stat st;

	(void)snprintf(name, sizeof(name), "pre/%s", c->id);
	return r->s->own &&
	    fstatat(r->s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
record_restore(struct runner *r, const struct call *c, const char *saved,
    struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "call", c->id);
	jsonw_string(&w, "from", "pre-image");
	jsonw_string(&w, "saved", saved);
	jsonw_end(&w, '}');
	return session_stage(r->s, RECORD_RESTORE,
	    (struct slice){body.data, body.len}, e);
}

/*
 * Put the agent's own workspace back.  What stands there is kept below
 * saved/; each step is a rename, and one that was done is not done again.
 */
static int
put_back(struct runner *r, const struct call *c, struct err *e)
{
	char pre[80], saved[80];
	int from CLEANUP_FD = -1, dir = r->s->dir;
	struct stat st;

	(void)snprintf(pre, sizeof(pre), "pre/%s", c->id);
	(void)snprintf(saved, sizeof(saved), "saved/%s", c->id);
	if (file_make_dir(dir, "saved", 0700, e) < 0 ||
	    file_remove_tree(dir, "work.new", e) < 0 ||
	    file_open(dir, pre, O_RDONLY | O_DIRECTORY, 0, &from, e) < 0 ||
	    tree_copy(from, dir, "work.new", 0, 0, e) < 0)
		return -1;
	if (fstatat(dir, saved, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (renameat(dir, "work", dir, saved) < 0)
			return err_set(e, EX_IOERR, errno,
			    "cannot save the workspace");
	} else if (file_remove_tree(dir, "work", e) < 0) {
		return -1; /* a redo that died as well: the first is kept */
	}
	if (renameat(dir, "work.new", dir, "work") < 0)
		return err_set(e, EX_IOERR, errno,
		    "cannot put the workspace back");
	if (file_sync(dir, "agent", e) < 0)
		return -1;
	return record_restore(r, c, saved, e);
}

int
recover_call(struct runner *r, size_t index, struct err *e)
{
	struct call *c = &r->s->state.calls[index];
	const struct tool *t = tool_find(&r->tools, c->name);

	if (c->verdict != GRANT_ALLOW)
		return result(r, c, TOOL_DENIED, "not allowed", e);
	if (t == NULL)
		return result(r, c, TOOL_UNKNOWN,
		    "the run was interrupted during this call, and the tool is "
		    "no longer there", e);
	switch (c->effect) {
	case EFFECT_NONE:
		return calls_make(r, index, index + 1, e);
	case EFFECT_EXTERNAL:
		return result(r, c, TOOL_UNKNOWN,
		    "the run was interrupted during this call; whether it took "
		    "effect is not known: find out before you repeat it", e);
	default:
		break;
	}
	if (c->prepared)
		return compare(r, t, index, e);
	if (!has_preimage(r, c))
		return interrupted(r, c, e);
	if (put_back(r, c, e) < 0)
		return -1;
	return calls_make(r, index, index + 1, e);
}
