#include "agent/birth.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/birthrecord.h"
#include "agent/fork.h"
#include "agent/request.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/tree.h"

/* Younger leftovers may belong to one that has not taken its lock yet. */
#define SWEEP_AGE (60 * CLOCK_SECOND)

static int
write_journal(struct root *root, int dir, const struct birth *b,
    const struct info *i, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	struct journal j;
	int r;

	if (journal_create(dir, &i->digest, &j, e) < 0)
		return -1;
	jsonw_object(&w, NULL);
	jsonw_maybe(&w, "image", b->image);
	jsonw_string(&w, "model", b->model);
	limits_write(&w, "limits", &b->limits);
	jsonw_maybe(&w, "system", b->system);
	jsonw_end(&w, '}');
	birthrecord_stage(root, &j, RECORD_BORN, &body);
	birthrecord_grants(root, &j, b->policy);
	r = birthrecord_goal(root, &j, "user", b->goal, b->labels, e);
	request_image(root, &j, i->id, b->asks, b->ask_count);
	if (r == 0)
		r = journal_commit(&j, e);
	journal_close(&j);
	return r;
}

static int
make_workspace(struct root *r, int dir, const struct birth *b, struct err *e)
{
	int from CLEANUP_FD = -1;
	struct stat st;

	if (b->workspace == NULL)
		return file_make_dir(dir, "work", 0700, e);
	if (file_open_dir(b->workspace, false, &from, e) < 0)
		return err_wrap(e, "workspace");
	if (path_below(b->workspace, r->path))
		return err_set(e, EX_NOPERM, 0,
		    "the workspace '%s' lies in the agents' root",
		    b->workspace);
	if (!b->copy)
		return 0;
	if (fstat(r->fd, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot stat the root");
	return tree_copy(from, dir, "work", st.st_dev, st.st_ino, e);
}

static int
prepare(struct root *r, int dir, const struct birth *b, struct info *i,
    struct err *e)
{
	struct buf text CLEANUP_BUF = {0};

	info_write(i, &text);
	digest_of(text.data, text.len, &i->digest);
	if (make_workspace(r, dir, b, e) < 0 ||
	    file_replace(dir, INFO_FILE, text.data, text.len, 0600, e) < 0 ||
	    write_journal(r, dir, b, i, e) < 0)
		return -1;
	return file_sync(dir, "agent", e);
}

/* Is this agent's name one of them? */
static int
compare_name(struct root *r, const char *id, char *const *names, size_t count,
    struct err *e)
{
	char *other CLEANUP_FREE = NULL;
	size_t i;

	if (info_name(r, id, &other) < 0 || other == NULL)
		return 0;
	for (i = 0; i < count; i++)
		if (strcmp(other, names[i]) == 0)
			return err_set(e, EX_CANTCREAT, 0,
			    "the name '%s' is taken by agent %s", names[i], id);
	return 0;
}

int
birth_check_names(
    struct root *r, char *const *names, size_t count, struct err *e)
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	size_t n, i;

	for (i = 0; i < count; i++)
		if (!info_name_ok(names[i]))
			return err_set(e, EX_USAGE, 0,
			    "'%s' cannot be a name: use "
			    "letters, digits, '.', '_' and '-'",
			    names[i]);
	if (root_list(r, &ids, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (compare_name(r, ids[i], names, count, e) < 0)
			return -1;
	return 0;
}

int
birth_publish(struct root *r, const char *id, const char *name, struct err *e)
{
	int lock CLEANUP_FD = -1;
	char *own CLEANUP_FREE = mem_strdup(name);
	char from[ULID_TEXT + 8];

	if (name != NULL &&
	    (lock_wait(r->fd, "lock", clock_deadline(10 * CLOCK_SECOND), &lock,
		 e) < 0 ||
		birth_check_names(r, &own, 1, e) < 0))
		return -1;
	(void)snprintf(from, sizeof(from), ".new/%s", id);
	if (renameat(r->agents, from, r->agents, id) < 0)
		return err_set(e, EX_CANTCREAT, errno, "cannot make '%s'", id);
	return file_sync(r->agents, "agents", e);
}

int
birth_agent(
    struct root *r, const struct birth *b, char id[ULID_TEXT], struct err *e)
{
	char path[ULID_TEXT + 8], created[CLOCK_TEXT];
	int dir CLEANUP_FD = -1, lock CLEANUP_FD = -1;
	int64_t now = clock_real();
	struct info i = {0};
	struct err lost;

	ulid_make(now, i.id);
	clock_text(now, created);
	i.name = mem_strdup(b->name);
	i.workspace = b->copy ? NULL : mem_strdup(b->workspace);
	i.created = mem_strdup(created);
	i.tools = mem_new(b->tool_count, sizeof(*i.tools));
	for (; i.tool_count < b->tool_count; i.tool_count++)
		i.tools[i.tool_count] = mem_strdup(b->tools[i.tool_count]);
	(void)snprintf(path, sizeof(path), ".new/%s", i.id);
	if (mkdirat(r->agents, path, 0700) < 0) {
		err_set(e, EX_CANTCREAT, errno, "cannot make '%s'", path);
	} else if (file_open(r->agents, path, O_RDONLY | O_DIRECTORY, 0, &dir,
		       e) < 0 ||
		   lock_take(dir, "lock", &lock, e) < 0 ||
		   prepare(r, dir, b, &i, e) < 0 ||
		   birth_publish(r, i.id, b->name, e) < 0) {
		(void)file_remove_tree(r->agents, path, &lost);
	} else {
		memcpy(id, i.id, ULID_TEXT);
		info_free(&i);
		return 0;
	}
	info_free(&i);
	return -1;
}

void
birth_sweep(struct root *r)
{
	int fd = openat(r->agents, ".new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	struct stat st;
	struct err e;
	int sub, lock;

	if (stream == NULL) {
		fd_cleanup(&fd);
		return;
	}
	while ((d = readdir(stream)) != NULL) {
		if (!file_is_name(d->d_name) ||
		    fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    clock_real() - st.st_mtime * CLOCK_SECOND < SWEEP_AGE ||
		    fork_left(r, d->d_name))
			continue;
		if (file_open(
			fd, d->d_name, O_RDONLY | O_DIRECTORY, 0, &sub, &e) < 0)
			continue;
		if (lock_take(sub, "lock", &lock, &e) == 0) {
			(void)file_remove_tree(fd, d->d_name, &e);
			(void)close(lock);
		}
		(void)close(sub);
	}
	(void)closedir(stream);
}
