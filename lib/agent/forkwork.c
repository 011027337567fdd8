/* The workspaces of children, and the index of what they began with. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "agent/ckpt.h"
#include "agent/forking.h"
#include "base/file.h"
#include "base/mem.h"
#include "bundle/clone.h"
#include "bundle/restore.h"

void
fork_work_free(struct fork_work *c)
{
	snapshot_free(&c->tree);
	fd_cleanup(&c->work);
	fd_cleanup(&c->first);
}

int
fork_work_open(struct fork_work *c, const struct forking *f, struct err *e)
{
	const struct session *s = f->parent;
	struct snapshot old CLEANUP(snapshot_free) = {0};
	struct scan_options o = {.old = &old};
	struct stat st;

	if (f->files != NULL)
		return chain_tree(f->files, 0, &c->tree, e);
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
write_index(
    const struct fork_work *c, struct forking *f, int dir, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < c->tree.count; i++)
		entry_line(&text, &c->tree.entry[i]);
	digest_of(text.data, text.len, &f->base);
	return fork_write(f, dir, FORK_INDEX, &text, e);
}

/* As the bundle of the point has it. */
static int
restore(struct chain *files, int dir, bool sync, struct err *e)
{
	struct restore_options o = {.no_sync = !sync};

	return restore_tree(files, dir, "work", &o, e);
}

/* The first child's is the parent's as it was just now; those of the others
 * are copies of that, which nobody changes. */
int
fork_work_copy(struct fork_work *c, struct forking *f, int dir, struct err *e)
{
	struct clone clone = {c->work, &c->tree, c->first >= 0, f->each};

	if ((f->files != NULL ? restore(f->files, dir, f->each, e)
			      : clone_tree(&clone, dir, "work", e)) < 0)
		return err_wrap(e, "workspace");
	if (c->first >= 0)
		return fork_link(c->first, FORK_INDEX, dir, FORK_INDEX, e);
	fd_cleanup(&c->work);
	c->work = -1;
	if (write_index(c, f, dir, e) < 0 ||
	    file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0, &c->first, e) < 0)
		return -1;
	return file_open(
	    dir, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &c->work, e);
}
