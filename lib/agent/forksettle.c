/* Children that were recorded and have not their places yet, and what was
 * prepared and never recorded. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/birth.h"
#include "agent/fork.h"
#include "base/file.h"
#include "base/mem.h"

/* What is prepared under this id: -1 when it cannot be told. */
static int
read_prepared(struct root *root, const char *id, struct info *out)
{
	char *path CLEANUP_FREE = mem_printf(".new/%s", id);
	int dir CLEANUP_FD = -1;
	struct err e;

	if (file_open(root->agents, path, O_RDONLY | O_DIRECTORY, 0, &dir, &e) <
	    0)
		return -1;
	return info_read(dir, id, out, &e);
}

static int
settle_one(struct session *s, const char *id, bool *moved, struct err *e)
{
	char *path CLEANUP_FREE = mem_printf(".new/%s", id);
	struct info info CLEANUP(info_free) = {0};

	if (read_prepared(s->root, id, &info) < 0 || info.parent == NULL ||
	    strcmp(info.parent, s->info.id) != 0)
		return 0;
	if (state_child(&s->state, id) == NULL)
		return file_remove_tree(s->root->agents, path, e);
	if (renameat(s->root->agents, path, s->root->agents, id) < 0)
		return err_set(e, EX_CANTCREAT, errno, "cannot make '%s'", id);
	*moved = true;
	return 0;
}

int
fork_settle(struct session *s, struct err *e)
{
	int fd =
	    openat(s->root->agents, ".new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	bool moved = false;
	struct dirent *d;
	int got = 0;

	if (stream == NULL) {
		fd_cleanup(&fd);
		return err_set(e, EX_IOERR, errno, "cannot read '.new'");
	}
	while (got == 0 && (d = readdir(stream)) != NULL)
		if (strlen(d->d_name) == ULID_TEXT - 1)
			got = settle_one(s, d->d_name, &moved, e);
	(void)closedir(stream);
	if (got < 0 || !moved)
		return got;
	return file_sync(s->root->agents, "agents", e);
}

bool
fork_left(struct root *root, const char *id)
{
	struct info info CLEANUP(info_free) = {0};
	struct session s;
	struct err e;

	if (read_prepared(root, id, &info) < 0 || info.parent == NULL)
		return false;
	/* Opening the parent settles it. */
	if (session_write(root, info.parent, &s, &e) < 0)
		return e.status != EX_NOINPUT;
	session_close(&s);
	return true;
}
