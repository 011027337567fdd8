#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

struct copy {
	dev_t dev; /* the mount that is copied */
	dev_t skip_dev;
	ino_t skip_ino;
	unsigned depth;
};

enum { DEPTH_MAX = 512 };

static int copy_dir(struct copy *, int from, int to, struct err *);

/* Between file systems, by hand; -1 with errno. */
static ssize_t
copy_piece(int in, int out, off_t at, size_t n)
{
	char piece[65536];
	off_t to = at;
	ssize_t got = copy_file_range(in, &at, out, &to, n, 0);

	if (got >= 0 || (errno != EXDEV && errno != EINVAL &&
			    errno != EOPNOTSUPP && errno != ENOSYS))
		return got;
	got = pread(in, piece, n < sizeof(piece) ? n : sizeof(piece), at);
	return got <= 0 ? got : pwrite(out, piece, (size_t)got, at);
}

/* From `at` up to `end`, or to where the file ends now. */
static int
copy_range(int in, int out, off_t at, off_t end)
{
	ssize_t n;

	while (at < end) {
		n = copy_piece(in, out, at, (size_t)(end - at));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		at += n;
	}
	return 0;
}

/* Holes stay holes: a disk image may be far larger than what is in it. */
int
tree_copy_bytes(int in, int out, off_t size, const char *name, struct err *e)
{
	off_t at = 0, end;

	while (at < size) {
		at = lseek(in, at, SEEK_DATA);
		if (at < 0 && errno == ENXIO)
			break;
		end = at < 0 ? -1 : lseek(in, at, SEEK_HOLE);
		if (end < 0 || copy_range(in, out, at, end) < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot copy '%s'", name);
		at = end;
	}
	if (ftruncate(out, size) < 0)
		return err_set(e, EX_IOERR, errno, "cannot copy '%s'", name);
	return 0;
}

static int
copy_file(int from, int to, const char *name, struct err *e)
{
	int in CLEANUP_FD = -1, out CLEANUP_FD = -1;
	struct timespec times[2];
	struct stat st;

	if (file_open(
		from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &in, e) < 0)
		return -1;
	if (fstat(in, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, EX_IOERR, errno, "'%s' changed", name);
	if (file_open(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600,
		&out, e) < 0 ||
	    (ioctl(out, FICLONE, in) < 0 &&
		tree_copy_bytes(in, out, st.st_size, name, e) < 0))
		return -1;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (fchmod(out, st.st_mode & 0777) < 0 || futimens(out, times) < 0)
		return err_set(e, EX_IOERR, errno, "cannot set '%s'", name);
	return fd_close(&out, name, e);
}

static int
copy_link(int from, int to, const char *name, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot read link '%s'", name);
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot make link '%s'", name);
	return 0;
}

static int
copy_folder(struct copy *c, int from, int to, const char *name,
    const struct stat *st, struct err *e)
{
	int in CLEANUP_FD = -1, out CLEANUP_FD = -1;
	struct timespec times[2];
	int r;

	if (st->st_dev != c->dev ||
	    (st->st_dev == c->skip_dev && st->st_ino == c->skip_ino))
		return 0;
	if (c->depth >= DEPTH_MAX)
		return err_set(e, EX_DATAERR, 0, "'%s' is too deep", name);
	if (file_open(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &in,
		e) < 0 ||
	    file_make_dir(to, name, 0700, e) < 0 ||
	    file_open(
		to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &out, e) < 0)
		return -1;
	c->depth++;
	r = copy_dir(c, in, out, e);
	c->depth--;
	if (r < 0)
		return err_wrap(e, "%s", name);
	times[0] = st->st_atim;
	times[1] = st->st_mtim;
	if (fchmod(out, st->st_mode & 0777) < 0 || futimens(out, times) < 0)
		return err_set(e, EX_IOERR, errno, "cannot set '%s'", name);
	return 0;
}

static int
copy_entry(struct copy *c, int from, int to, const char *name, struct err *e)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : err_set(e, EX_IOERR, errno,
					     "cannot stat '%s'", name);
	if (S_ISREG(st.st_mode))
		return copy_file(from, to, name, e);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name, e);
	if (S_ISDIR(st.st_mode))
		return copy_folder(c, from, to, name, &st, e);
	return 0;
}

static int
copy_dir(struct copy *c, int from, int to, struct err *e)
{
	struct dirent *d;
	int fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (stream == NULL) {
		fd_cleanup(&fd);
		return err_set(e, EX_IOERR, errno, "cannot read the folder");
	}
	while (r == 0 && (d = readdir(stream)) != NULL)
		if (file_is_name(d->d_name))
			r = copy_entry(c, from, to, d->d_name, e);
	(void)closedir(stream);
	return r;
}

int
tree_copy(int from, int dir, const char *name, dev_t skip_dev, ino_t skip_ino,
    struct err *e)
{
	struct copy c = {.skip_dev = skip_dev, .skip_ino = skip_ino};
	int to CLEANUP_FD = -1;
	struct stat st;
	struct err other;

	if (fstat(from, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot stat the folder");
	c.dev = st.st_dev;
	if (mkdirat(dir, name, 0700) < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make '%s'", name);
	if (file_open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &to,
		e) < 0 ||
	    copy_dir(&c, from, to, e) < 0)
		goto fail;
	/* One sync of the file system: cheaper than one for each file. */
	if (fchmod(to, st.st_mode & 0777) < 0 || syncfs(to) < 0) {
		err_set(e, EX_IOERR, errno, "cannot sync '%s'", name);
		goto fail;
	}
	return 0;
fail:
	(void)file_remove_tree(dir, name, &other);
	return -1;
}

int
tree_copy_entry(int from, int to, const char *name, struct err *e)
{
	struct copy c = {0};
	struct stat st;

	if (fstat(from, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot stat the folder");
	c.dev = st.st_dev;
	return copy_entry(&c, from, to, name, e);
}
