#include "agent/join.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/ckpt.h"
#include "agent/fork.h"
#include "agent/rework.h"
#include "agent/wait.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "bundle/folders.h"

#define INDEX_MAX  ((size_t)1 << 30)
#define LABEL_TAIL ((size_t)6) /* of a child's id, in names beside others */

struct joining {
	struct session *parent, child;
	struct family_child *fork; /* in the parent's state */
	const struct join_options *opt;
	struct joincontents contents;
	struct snapshot base, ours, theirs;
	struct digest saved;
	struct joinmerge merge;
};

static void
joining_free(struct joining *j)
{
	joinmerge_free(&j->merge);
	snapshot_free(&j->base);
	snapshot_free(&j->ours);
	snapshot_free(&j->theirs);
	joincontents_free(&j->contents);
	if (j->child.root != NULL)
		session_close(&j->child);
}

/* ---- the child -------------------------------------------------------------------------------- */

static int
find_child(struct joining *j, const char *id, struct err *e)
{
	j->fork = state_child(&j->parent->state, id);
	if (j->fork == NULL)
		return err_set(e, EX_NOPERM, 0,
		    "agent '%.40s' is no child of agent '%s'", id,
		    j->parent->info.id);
	if (j->fork->joined)
		return err_set(
		    e, EX_DATAERR, 0, "agent '%s' was joined before", id);
	if (!j->fork->has_base)
		return err_set(e, EX_DATAERR, 0,
		    "what agent '%s' began with is not recorded", id);
	return 0;
}

/* The lock keeps it from running meanwhile. */
static int
open_child(struct joining *j, struct err *e)
{
	if (session_write(j->parent->root, j->fork->id, &j->child, e) < 0) {
		j->child.root = NULL;
		return -1;
	}
	if (j->opt->by_agent && !wait_is_end(&j->child.state))
		return err_set(e, EX_TEMPFAIL, 0,
		    "agent '%s' has not ended: it is %s", j->fork->id,
		    agent_status_name(j->child.state.status));
	return 0;
}

/* One line of an index, into the tree of the fork. */
static int
add_line(struct joining *j, const char *line, size_t len, struct err *e)
{
	struct snapshot *s = &j->base;
	struct entry_text room = {{0}, {0}};
	struct stamp *st;
	struct entry n, *copy;
	int r = entry_parse(line, len, &room, &n, e);

	if (r == 0 && s->count > 0 &&
	    entry_compare(s->entry[s->count - 1].path, n.path) >= 0)
		r = err_set(e, EX_DATAERR, 0, "its lines are in no order");
	if (r == 0) {
		copy = snapshot_add(s, &st);
		*copy = n;
		copy->path = snapshot_keep(s, n.path.data, n.path.len);
		copy->link = n.link.len == 0
				 ? (struct slice){"", 0}
				 : snapshot_keep(s, n.link.data, n.link.len);
	}
	entry_text_free(&room);
	return r;
}

static int
read_base(struct joining *j, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	const char *at, *end, *nl;
	struct digest d;

	if (file_read(j->child.dir, FORK_INDEX, INDEX_MAX, &text, e) < 0)
		return -1;
	digest_of(buf_str(&text), text.len, &d);
	if (!digest_equal(&d, &j->fork->base))
		return err_set(e, EX_DATAERR, 0,
		    "'%s' is not what the fork recorded", FORK_INDEX);
	end = buf_str(&text) + text.len;
	for (at = text.data; at < end; at = nl + 1) {
		nl = memchr(at, '\n', (size_t)(end - at));
		if (nl == NULL)
			return err_set(
			    e, EX_DATAERR, 0, "'%s' is cut short", FORK_INDEX);
		if (add_line(j, at, (size_t)(nl - at), e) < 0)
			return err_wrap(e, "'%s'", FORK_INDEX);
	}
	return 0;
}

/* With its history where that is there: it may hold what a text was. */
static int
follow(const struct session *s, int64_t seq, struct chain *out, struct err *e)
{
	int dir CLEANUP_FD = -1;
	struct err lost;

	if (file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &dir, e) < 0)
		return -1;
	return ckpt_follow(dir, seq, true, out, &lost) == 0
		   ? 0
		   : ckpt_follow(dir, seq, false, out, e);
}

static int
read_child(struct joining *j, struct err *e)
{
	struct ckpt_saved saved = {.seq = j->opt->at};
	int r = 0;

	if (j->opt->at == 0)
		r = ckpt_save(&j->child, false, NULL, NULL, &saved, e);
	if (r == 0 && j->opt->at == 0)
		r = session_seal(&j->child, e);
	ckpt_saved_free(&saved);
	if (r < 0 || follow(&j->child, saved.seq, &j->contents.theirs, e) < 0)
		return -1;
	return chain_tree(&j->contents.theirs, 0, &j->theirs, e);
}

/* Is the path in the child's workspace, though its tree has it not? */
static bool
is_ignored(int work, struct slice path)
{
	const char *name = path.data + sizeof(ENTRY_WORK);
	const char *slash = strrchr(name, '/');
	char *dir CLEANUP_FREE = slash == NULL
				     ? mem_strdup(".")
				     : mem_dup(name, (size_t)(slash - name));
	int fd CLEANUP_FD = folders_open(work, dir, O_RDONLY | O_DIRECTORY);
	struct stat st;

	return fd >= 0 && fstatat(fd, slash == NULL ? name : slash + 1, &st,
			      AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * A child that names files in .agentignore has not removed them: what became
 * of them is not known, so they count as the parent's alone.
 */
static int
forget_ignored(struct joining *j, struct err *e)
{
	struct snapshot *b = &j->base;
	int work CLEANUP_FD = -1;
	struct slice gone = {0};
	size_t i, n = 0;

	if (file_open_dir(j->child.workspace, false, &work, e) < 0)
		return -1;
	for (i = 0; i < b->count; i++) {
		struct slice path = b->entry[i].path;

		if (i > 0 && ((gone.len > 0 && entry_below(path, gone)) ||
				 (snapshot_find(&j->theirs, path) < 0 &&
				     is_ignored(work, path)))) {
			if (gone.len == 0 || !entry_below(path, gone))
				gone = path;
			continue;
		}
		b->entry[n++] = b->entry[i];
	}
	b->count = n;
	return 0;
}

/* Nothing of the child's may end the parent's run. */
static int
take_child(struct joining *j, struct err *e)
{
	if (open_child(j, e) == 0) {
		if (read_base(j, e) == 0 && read_child(j, e) == 0 &&
		    forget_ignored(j, e) == 0)
			return 0;
		err_wrap(e, "child '%s'", j->fork->id);
	}
	if (e->status == EX_LIMIT || e->status == EX_CANTCREAT ||
	    e->status == EX_IOERR)
		e->status = EX_DATAERR;
	return -1;
}

/* ---- the parent ------------------------------------------------------------------------------- */

static int
read_parent(struct joining *j, struct err *e)
{
	struct ckpt_saved saved = {0};

	if (ckpt_save(j->parent, false, NULL, NULL, &saved, e) < 0)
		return -1;
	ckpt_saved_free(&saved);
	j->saved = saved.id;
	if (follow(j->parent, saved.seq, &j->contents.ours, e) < 0)
		return -1;
	return chain_tree(&j->contents.ours, 0, &j->ours, e);
}

/* What a model joins it must be allowed to write by itself. */
static int
check_grants(const struct joining *j, struct err *e)
{
	const struct session *s = j->parent;
	const struct restoreplan *p = &j->merge.plan;
	struct grant_query q = {.right = RIGHT_WRITE,
	    .kind = GRANT_FILE,
	    .workspace = s->workspace,
	    .now = journal_now(&s->journal),
	    .labels = s->state.labels | j->child.state.labels};
	struct decision d;
	size_t i;

	for (i = 0; j->opt->by_agent && i < p->after.count; i++) {
		const char *name = restoreplan_path(p, i);
		char *path CLEANUP_FREE = path_join(s->workspace, name);

		q.resource = path;
		policy_decide(&s->state.policy, &q, &d);
		if (d.verdict != GRANT_ALLOW)
			return err_set(e, EX_NOPERM, 0,
			    "its change of '%s' may not be made here: %s", name,
			    d.why);
	}
	return 0;
}

static int
merge(struct joining *j, struct err *e)
{
	const char *id = j->fork->id;
	const struct jointexts texts = joincontents_texts(&j->contents);

	if (join_merge(&j->base, &j->ours, &j->theirs,
		id + strlen(id) - LABEL_TAIL, &texts, &j->merge, e) < 0)
		return -1;
	return check_grants(j, e);
}

static int
stage(struct joining *j, char **text, struct err *e)
{
	static const struct restore_options plain;
	struct joined done = {.child = &j->child,
	    .fork = j->fork,
	    .bundle = chain_newest(&j->contents.theirs),
	    .saved = &j->saved,
	    .merge = &j->merge,
	    .call = j->opt->call};
	char *told = NULL;

	if (rework_stage(j->parent, &j->contents.theirs, &j->merge.plan,
		j->opt->files != NULL ? j->opt->files : &plain, e) < 0)
		return -1;
	told = joinrecord_text(&done);
	if (joinrecord_stage(
		j->parent, &done, j->opt->call == NULL ? told : NULL, e) < 0) {
		free(told);
		return -1;
	}
	*text = told;
	return 0;
}

int
join_stage(struct session *s, const char *child, const struct join_options *o,
    char **text, struct err *e)
{
	struct joining j CLEANUP(joining_free) = {.parent = s, .opt = o};

	if (find_child(&j, child, e) < 0)
		return -1;
	/* One that was staged just before is carried out first. */
	if (s->state.restoring != 0 && rework_finish(s, NULL, e) < 0)
		return -1;
	if (take_child(&j, e) < 0 || read_parent(&j, e) < 0 || merge(&j, e) < 0)
		return -1;
	if (stage(&j, text, e) == 0)
		return 0;
	rework_drop(s);
	return -1;
}

/* ---- by command --------------------------------------------------------------------------------- */

int
join_apply(struct session *s, const struct order *c, struct err *e)
{
	const char *child = json_get_string(c->body, "child");
	struct join_options o = {.at = json_get_integer(c->body, "at", 0)};
	char *text = NULL;

	if (child == NULL || o.at < 0)
		return err_set(e, EX_DATAERR, 0, "no child");
	if (join_stage(s, child, &o, &text, e) < 0)
		return -1;
	free(text);
	return 0;
}
