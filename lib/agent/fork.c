#include "agent/fork.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/allot.h"
#include "agent/birth.h"
#include "agent/cache.h"
#include "agent/ckpt.h"
#include "agent/lineage.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "bundle/clone.h"

/* ---- what a child shares with its parent ------------------------------------------ */

static int
link_as(int from, const char *name, int to, const char *as, struct err *e)
{
	if (linkat(from, name, to, as, 0) == 0)
		return 0;
	return err_set(e, errno == ENOENT ? EX_DATAERR : EX_CANTCREAT, errno,
	    "cannot link '%s'", name);
}

static int
link_level(const struct session *s, size_t i, bool own, int to, struct err *e)
{
	static const char *const ends[] = {"jsonl", "json"};
	static const char *const names[] = {JOURNAL_FILE, INFO_FILE};
	size_t k;

	for (k = 0; k < COUNT_OF(ends); k++) {
		char *as CLEANUP_FREE = mem_printf("%zu.%s", i, ends[k]);
		char *from CLEANUP_FREE = mem_printf(FROM_DIR "/%s", as);

		if (link_as(s->dir, own ? names[k] : from, to, as, e) < 0)
			return -1;
	}
	return 0;
}

static int
link_history(const struct session *s, int dir, struct err *e)
{
	size_t n = (size_t)s->info.ancestors, i;
	int to CLEANUP_FD = -1;

	if (n + 1 > ANCESTORS_MOST)
		return err_set(e, EX_LIMIT, 0,
		    "the family has %zu generations already", n + 1);
	if (file_make_dir(dir, FROM_DIR, 0700, e) < 0 ||
	    file_open(dir, FROM_DIR, O_RDONLY | O_DIRECTORY, 0, &to, e) < 0)
		return -1;
	for (i = 1; i <= n; i++)
		if (link_level(s, i, false, to, e) < 0)
			return -1;
	return link_level(s, n + 1, true, to, e);
}

/* Those that the next bundle, or going back, builds on. */
static int
link_bundles(const struct session *s, int dir, struct err *e)
{
	int64_t *seqs CLEANUP_FREE = NULL;
	int from CLEANUP_FD = -1, to CLEANUP_FD = -1;
	char name[CKPT_NAME];
	size_t n, i;

	if (!s->state.has_ckpt)
		return 0;
	if (ckpt_list(s->root, s->info.id, &seqs, &n, e) < 0 ||
	    file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &from, e) <
		0 ||
	    file_make_dir(dir, CKPT_DIR, 0700, e) < 0 ||
	    file_open(dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &to, e) < 0)
		return -1;
	for (i = 0; i < n && seqs[i] <= s->state.ckpt_seq; i++) {
		ckpt_name(seqs[i], name);
		if (link_as(from, name, to, name, e) < 0)
			return -1;
	}
	return 0;
}

/* What is folded already; without it the first opening folds all. */
static int
link_cache(const struct session *s, int dir, struct err *e)
{
	if (linkat(s->dir, CACHE_FILE, dir, CACHE_FILE, 0) == 0 ||
	    errno == ENOENT)
		return 0;
	return err_set(e, EX_CANTCREAT, errno, "cannot link '%s'", CACHE_FILE);
}

/* ---- the workspace ------------------------------------------------------------------ */

struct copying {
	struct snapshot tree;
	int work;  /* what is copied: the parent's, then the first child's */
	int first; /* the first child's folder; -1 while there is none */
};

static void
copying_free(struct copying *c)
{
	snapshot_free(&c->tree);
	fd_cleanup(&c->work);
	fd_cleanup(&c->first);
}

static int
open_workspace(const struct session *s, struct copying *c, struct err *e)
{
	struct snapshot old CLEANUP(snapshot_free) = {0};
	struct scan_options o = {.old = &old};
	struct stat st;

	if (fstat(s->root->fd, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the root");
	o.skip_device = s->own ? 0 : st.st_dev;
	o.skip_inode = s->own ? 0 : st.st_ino;
	snapshot_load(s->dir, &old);
	if (file_open_dir(s->workspace, false, &c->work, e) < 0 ||
	    scan_tree(c->work, &o, &c->tree, e) < 0)
		return err_wrap(e, "workspace");
	return 0;
}

static int
write_index(const struct copying *c, int dir, struct digest *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1;
	size_t i;

	for (i = 0; i < c->tree.count; i++)
		entry_line(&text, &c->tree.entry[i]);
	digest_of(text.data, text.len, out);
	if (file_open(dir, FORK_INDEX, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd,
		e) < 0 ||
	    file_write_all(fd, text.data, text.len, FORK_INDEX, e) < 0)
		return -1;
	return fd_close(&fd, FORK_INDEX, e);
}

/* The first child's is the parent's as it was just now; those of the others
 * are copies of that, which nobody changes. */
static int
copy_workspace(struct copying *c, int dir, struct digest *base, struct err *e)
{
	struct clone clone = {c->work, &c->tree, c->first >= 0};

	if (clone_tree(&clone, dir, "work", e) < 0)
		return err_wrap(e, "workspace");
	if (c->first >= 0)
		return link_as(c->first, FORK_INDEX, dir, FORK_INDEX, e);
	fd_cleanup(&c->work);
	c->work = -1;
	if (write_index(c, dir, base, e) < 0 ||
	    file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0, &c->first, e) < 0)
		return -1;
	return file_open(
	    dir, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &c->work, e);
}

/* ---- one child ------------------------------------------------------------------------ */

static char *
child_name(const struct fork *k, size_t number)
{
	return k->name == NULL || k->count == 1
		   ? mem_strdup(k->name)
		   : mem_printf("%s-%zu", k->name, number);
}

static void
describe(const struct forking *f, size_t number, struct info *out)
{
	const struct info *p = &f->parent->info;
	const struct fork *k = f->fork;
	char created[CLOCK_TEXT];
	struct info i = {0};

	memcpy(i.id, k->ids[number - 1], ULID_TEXT);
	clock_text(clock_real(), created);
	i.created = mem_strdup(created);
	i.parent = mem_strdup(p->id);
	i.fork_seq = f->point.seq;
	i.fork_head = f->point.head;
	i.ancestors = p->ancestors + 1;
	i.name = child_name(k, number);
	i.tools = mem_new(p->tool_count, sizeof(*i.tools));
	for (; i.tool_count < p->tool_count; i.tool_count++)
		i.tools[i.tool_count] = mem_strdup(p->tools[i.tool_count]);
	*out = i;
}

/* Not synced: that is done once for all of them. */
static int
write_info(struct info *i, int dir, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1;

	info_write(i, &text);
	digest_of(text.data, text.len, &i->digest);
	if (file_open(dir, INFO_FILE, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd,
		e) < 0 ||
	    file_write_all(fd, text.data, text.len, INFO_FILE, e) < 0)
		return -1;
	return fd_close(&fd, INFO_FILE, e);
}

/* Its description comes first: by it others know whose it is. */
static int
prepare(struct forking *f, struct copying *c, struct info *i, size_t number,
    struct err *e)
{
	const struct session *s = f->parent;
	char *path CLEANUP_FREE = NULL;
	int dir CLEANUP_FD = -1;

	describe(f, number, i);
	if (faccessat(s->root->agents, i->id, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(
		    e, EX_CANTCREAT, 0, "agent '%s' is there", i->id);
	path = mem_printf(".new/%s", i->id);
	if (mkdirat(s->root->agents, path, 0700) < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make '%s'", path);
	if (file_open(s->root->agents, path, O_RDONLY | O_DIRECTORY, 0, &dir,
		e) < 0 ||
	    write_info(i, dir, e) < 0 || link_history(s, dir, e) < 0 ||
	    link_bundles(s, dir, e) < 0 || link_cache(s, dir, e) < 0 ||
	    copy_workspace(c, dir, &f->base, e) < 0)
		return -1;
	return forkrecord_child(f, i, dir, number, e);
}

/* ---- all of them ----------------------------------------------------------------------- */

static int
prepare_all(struct forking *f, struct info *children, struct err *e)
{
	struct copying c CLEANUP(copying_free) = {.work = -1, .first = -1};
	size_t i;

	if (open_workspace(f->parent, &c, e) < 0)
		return -1;
	for (i = 0; i < f->fork->count; i++)
		if (prepare(f, &c, &children[i], i + 1, e) < 0)
			return -1;
	/* One sync of the file system: cheaper than one for each file. */
	if (syncfs(f->parent->root->agents) < 0)
		return err_set(e, EX_IOERR, errno, "cannot sync the children");
	return 0;
}

static int
check_policy(const struct session *s, const struct policy *p, struct err *e)
{
	size_t i;

	for (i = 0; p != NULL && i < p->count; i++)
		if (fork_within(s, &p->grants[i], e) < 0)
			return -1;
	return 0;
}

static int
reserve(struct forking *f, struct err *e)
{
	struct limits left = {0};

	allot_limits_left(&f->parent->state, &left);
	return allot_share(
	    &left, f->fork->count, &f->fork->limits, &f->limits, e);
}

static void
discard(struct root *root, const struct info *children, size_t n)
{
	struct err lost;
	size_t i;

	for (i = 0; i < n; i++) {
		char *path CLEANUP_FREE = mem_printf(".new/%s", children[i].id);

		if (children[i].id[0] != '\0')
			(void)file_remove_tree(root->agents, path, &lost);
	}
}

/* Their names are theirs from here on until they have their places. */
static int
take_names(struct session *s, const struct fork *f, struct err *e)
{
	char **names;
	int got, lock;
	size_t i;

	if (f->name == NULL)
		return 0;
	if (lock_wait(s->root->fd, "lock", clock_deadline(10 * CLOCK_SECOND),
		&lock, e) < 0)
		return -1;
	s->naming = lock;
	names = mem_new(f->count, sizeof(*names));
	for (i = 0; i < f->count; i++)
		names[i] = child_name(f, i + 1);
	got = birth_check_names(s->root, names, f->count, e);
	for (i = 0; i < f->count; i++)
		free(names[i]);
	free(names);
	return got;
}

int
fork_agents(struct session *s, const struct fork *fork, struct err *e)
{
	struct info *children = mem_new(fork->count, sizeof(*children));
	struct forking f = {.parent = s, .fork = fork};
	int got = session_commit(s, e);
	size_t i;

	f.point = s->mark;
	if (got == 0 && (check_policy(s, fork->policy, e) < 0 ||
			    reserve(&f, e) < 0 || take_names(s, fork, e) < 0 ||
			    prepare_all(&f, children, e) < 0 ||
			    forkrecord_parent(&f, children, e) < 0))
		got = -1;
	s->forked = got == 0;
	if (got < 0) {
		discard(s->root, children, fork->count);
		fd_cleanup(&s->naming);
		s->naming = -1;
	}
	for (i = 0; i < fork->count; i++)
		info_free(&children[i]);
	free(children);
	return got;
}
