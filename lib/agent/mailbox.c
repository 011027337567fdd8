#include "agent/mailbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define BAD_MOST 100 /* what is kept of what was refused */

void
mailbox_close(struct mailbox *m)
{
	fd_cleanup(&m->mail);
	fd_cleanup(&m->tmp);
	fd_cleanup(&m->new);
	fd_cleanup(&m->cur);
}

static int
open_folder(int dir, const char *name, bool make, int *fd, struct err *e)
{
	if (make && mkdirat(dir, name, 0700) == 0) {
		if (file_sync(dir, "mail", e) < 0)
			return -1;
	} else if (make && errno != EEXIST) {
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make folder '%s'", name);
	}
	return file_open(
	    dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, fd, e);
}

int
mailbox_open(int agent, bool make, struct mailbox *out, struct err *e)
{
	struct mailbox m CLEANUP_MAILBOX = MAILBOX_NONE;
	struct err why;

	if (open_folder(agent, "mail", make, &m.mail, &why) < 0 ||
	    open_folder(m.mail, "tmp", make, &m.tmp, &why) < 0 ||
	    open_folder(m.mail, "new", make, &m.new, &why) < 0 ||
	    open_folder(m.mail, "cur", make, &m.cur, &why) < 0) {
		if (!make && why.status == EX_NOINPUT)
			return 0;
		*e = why;
		return err_wrap(e, "mailbox");
	}
	*out = m;
	m = (struct mailbox)MAILBOX_NONE;
	return 1;
}

int
mailbox_deliver(const struct mailbox *m, const char *name, const void *data,
    size_t n, struct err *e)
{
	int fd CLEANUP_FD = -1;

	/* What a sender left that died, and whose name this is again. */
	(void)unlinkat(m->tmp, name, 0);
	if (file_open(m->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
		0600, &fd, e) < 0)
		return -1;
	if (file_write_all(fd, data, n, name, e) < 0 ||
	    file_sync(fd, name, e) < 0 || fd_close(&fd, name, e) < 0) {
		(void)unlinkat(m->tmp, name, 0);
		return -1;
	}
	if (renameat(m->tmp, name, m->new, name) < 0) {
		(void)err_set(e, EX_IOERR, errno, "cannot deliver '%s'", name);
		(void)unlinkat(m->tmp, name, 0);
		return -1;
	}
	return file_sync(m->new, "mail/new", e);
}

bool
mailbox_withdraw(const struct mailbox *m, const char *name)
{
	return unlinkat(m->new, name, 0) == 0;
}

bool
mailbox_waits(const struct mailbox *m, const char *name)
{
	struct stat st;

	/* It goes from the one to the other: look in this order. */
	return fstatat(m->new, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	       fstatat(m->cur, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct mailbox_want *want = arg;
	char *const *x = a, *const *y = b;

	return want->compare == NULL ? strcmp(*x, *y)
				     : want->compare(*x, *y, want->arg);
}

void
mailbox_names_free(struct mailbox_names *n)
{
	while (n->count > 0)
		free(n->name[--n->count]);
	free(n->name);
	*n = (struct mailbox_names){0};
}

static int
open_stream(int folder, DIR **out, struct err *e)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = fd < 0 ? NULL : fdopendir(fd);
	if (*out != NULL)
		return 0;
	(void)err_set(e, EX_IOERR, errno, "cannot read the mailbox");
	fd_cleanup(&fd);
	return -1;
}

/* Keep the first ones. */
static void
sort(struct mailbox_names *n, const struct mailbox_want *want)
{
	struct mailbox_want arg = *want;

	if (n->count > 0)
		qsort_r(n->name, n->count, sizeof(*n->name), compare, &arg);
	while (n->count > MAILBOX_MOST)
		free(n->name[--n->count]);
}

int
mailbox_list(int folder, const struct mailbox_want *want,
    struct mailbox_names *out, struct err *e)
{
	struct mailbox_names n = {0};
	struct dirent *d;
	DIR *stream;

	if (open_stream(folder, &stream, e) < 0)
		return -1;
	while ((d = readdir(stream)) != NULL) {
		if (d->d_name[0] == '.' ||
		    (want->is != NULL && !want->is(d->d_name)))
			continue;
		mem_room(&n.name, n.count, &n.cap, sizeof(*n.name));
		n.name[n.count++] = mem_strdup(d->d_name);
		if (n.count == 2 * MAILBOX_MOST)
			sort(&n, want);
	}
	(void)closedir(stream);
	sort(&n, want);
	*out = n;
	return 0;
}

bool
mailbox_full(const struct mailbox *m, size_t most)
{
	struct err e;
	size_t n = 0;
	DIR *stream;

	if (open_stream(m->new, &stream, &e) < 0)
		return false;
	while (n < most && readdir(stream) != NULL)
		n++;
	(void)closedir(stream);
	return n >= most;
}

void
mailbox_sweep(const struct mailbox *m)
{
	time_t old = (time_t)(clock_real() / CLOCK_SECOND) - 86400;
	struct dirent *d;
	struct stat st;
	struct err e;
	DIR *stream;

	if (open_stream(m->tmp, &stream, &e) < 0)
		return;
	while ((d = readdir(stream)) != NULL)
		if (file_is_name(d->d_name) &&
		    fstatat(m->tmp, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < old)
			(void)unlinkat(m->tmp, d->d_name, 0);
	(void)closedir(stream);
}

size_t
mailbox_count(int agent)
{
	struct dirent *d;
	int fd CLEANUP_FD = -1;
	struct err e;
	size_t n = 0;
	DIR *stream;

	if (file_open(agent, "mail/new", O_RDONLY | O_DIRECTORY, 0, &fd, &e) <
		0 ||
	    open_stream(fd, &stream, &e) < 0)
		return 0;
	while ((d = readdir(stream)) != NULL)
		n += d->d_name[0] != '.' &&
		     strncmp(d->d_name, "command.", 8) != 0;
	(void)closedir(stream);
	return n;
}

bool
mailbox_claim(const struct mailbox *m, const char *name)
{
	return renameat(m->new, name, m->cur, name) == 0;
}

int
mailbox_read(const struct mailbox *m, const char *name, size_t max,
    struct buf *out, struct err *e)
{
	int fd CLEANUP_FD = -1;
	struct stat st;

	if (fstatat(m->cur, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_set(e, EX_DATAERR, errno, "cannot stat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, EX_DATAERR, 0, "not a regular file");
	if (st.st_uid != geteuid())
		return err_set(e, EX_DATAERR, 0, "not a file of ours");
	if (st.st_size > (off_t)max)
		return err_set(e, EX_DATAERR, 0, "larger than %zu bytes", max);
	if (file_open(m->cur, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd,
		e) < 0 ||
	    file_read_fd(fd, name, max, out, e) < 0) {
		e->status = EX_DATAERR;
		return -1;
	}
	return 0;
}

void
mailbox_done(const struct mailbox *m, const char *name)
{
	(void)unlinkat(m->cur, name, 0);
}

/* Is there room for one more in bad/?  The folder, or -1. */
static int
open_bad(const struct mailbox *m)
{
	struct mailbox_names n CLEANUP(mailbox_names_free) = {0};
	const struct mailbox_want all = {NULL, NULL, NULL};
	struct err e;
	int fd;

	if (open_folder(m->mail, "bad", true, &fd, &e) < 0)
		return -1;
	if (mailbox_list(fd, &all, &n, &e) < 0 || n.count >= BAD_MOST)
		fd_cleanup(&fd);
	return fd;
}

void
mailbox_refuse(const struct mailbox *m, const char *name)
{
	int bad CLEANUP_FD = open_bad(m);
	struct err e;

	if (bad < 0 || renameat(m->cur, name, bad, name) < 0)
		(void)file_remove_tree(m->cur, name, &e);
}
