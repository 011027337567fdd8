#include "agent/forking.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/allot.h"
#include "agent/birth.h"
#include "agent/lineage.h"
#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"

/* Of a child besides its workspace's; and of all children, to be synced one by
 * one. */
enum { CHILD_FILES = 8, FILES_EACH = 64 };

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

int
fork_write(const struct forking *f, int dir, const char *name,
    const struct buf *text, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (file_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, e) <
		0 ||
	    file_write_all(fd, text->data, text->len, name, e) < 0 ||
	    (f->each && file_sync(fd, name, e) < 0))
		return -1;
	return fd_close(&fd, name, e);
}

static int
write_info(const struct forking *f, struct info *i, int dir, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	info_write(i, &text);
	digest_of(text.data, text.len, &i->digest);
	return fork_write(f, dir, INFO_FILE, &text, e);
}

/* The names in its folders. */
static int
sync_folders(const struct forking *f, int dir, struct err *e)
{
	if (!f->each)
		return 0;
	if (file_sync_folder(dir, FROM_DIR, e) < 0 ||
	    (f->then->has_ckpt && file_sync_folder(dir, CKPT_DIR, e) < 0))
		return -1;
	return file_sync(dir, "child", e);
}

/* Its description comes first: by it others know whose it is. */
static int
prepare(struct forking *f, struct fork_work *c, struct info *i, size_t number,
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
	    write_info(f, i, dir, e) < 0 || fork_share(f, dir, e) < 0 ||
	    fork_work_copy(c, f, dir, e) < 0 ||
	    forkrecord_child(f, i, dir, number, e) < 0)
		return -1;
	return sync_folders(f, dir, e);
}

/* ---- all of them ----------------------------------------------------------------------- */

static int
prepare_all(struct forking *f, struct info *children, struct err *e)
{
	struct fork_work c CLEANUP(fork_work_free) = {.work = -1, .first = -1};
	size_t i;

	if (fork_work_open(&c, f, e) < 0)
		return -1;
	/* Many files are cheaper synced with all that the file system has. */
	f->each = f->fork->count * (c.tree.count + CHILD_FILES) <= FILES_EACH;
	for (i = 0; i < f->fork->count; i++)
		if (prepare(f, &c, &children[i], i + 1, e) < 0)
			return -1;
	if (f->each)
		return file_sync_folder(f->parent->root->agents, ".new", e);
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
check_layers(const struct forking *f, struct err *e)
{
	if (state_has_layer(f->then))
		return 0;
	return err_set(e, EX_NOPERM, 0,
	    "agent '%s' can have no children: its authority was narrowed %d "
	    "times since its first ancestor, which is the most",
	    f->parent->info.id, LAYERS_MOST);
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

static int
make(struct forking *f, struct info *children, struct err *e)
{
	struct fork_past past CLEANUP(fork_past_free) = {0};
	int got;

	if (check_policy(f->parent, f->fork->policy, e) < 0 ||
	    reserve(f, e) < 0)
		return -1;
	if (f->fork->at != 0 && fork_past_open(&past, f, e) < 0)
		return -1;
	if (check_layers(f, e) < 0)
		return -1;
	got = take_names(f->parent, f->fork, e);
	if (got == 0)
		got = prepare_all(f, children, e);
	if (got == 0)
		got = forkrecord_parent(f, children, e);
	return got;
}

int
fork_agents(struct session *s, const struct fork *fork, struct err *e)
{
	struct info *children = mem_new(fork->count, sizeof(*children));
	struct forking f = {.parent = s, .fork = fork, .then = &s->state};
	int got = session_commit(s, e);
	size_t i;

	f.point = s->mark;
	if (got == 0)
		got = make(&f, children, e);
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
