#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rand.h"

void
fd_cleanup(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

int
fd_close(int *fd, const char *name, struct err *e)
{
	int r = close(*fd);

	*fd = -1;
	if (r < 0 && errno != EINTR)
		return err_set(e, EX_IOERR, errno, "cannot write '%s'", name);
	return 0;
}

bool
file_is_name(const char *name)
{
	return name[0] != '\0' && strchr(name, '/') == NULL &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int
status_of(int errnum, int flags)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return (flags & O_CREAT) != 0 ? EX_CANTCREAT : EX_NOINPUT;
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EROFS:
	case EEXIST:
		return EX_CANTCREAT;
	default:
		return EX_IOERR;
	}
}

int
file_open(
    int dir, const char *name, int flags, mode_t mode, int *fd, struct err *e)
{
	/* what the caller names may be a pipe; in a folder of ours one would
	 * keep us waiting for ever */
	bool ours = dir != AT_FDCWD && (flags & (O_DIRECTORY | O_PATH)) == 0;
	struct stat st;
	int f;

	flags |= O_CLOEXEC | O_NOCTTY | (ours ? O_NONBLOCK : 0);
	do
		f = openat(dir, name, flags, mode);
	while (f < 0 && errno == EINTR);
	if (f < 0)
		return err_set(e, status_of(errno, flags), errno,
		    "cannot open '%s'", name);
	if (ours && (fstat(f, &st) < 0 || S_ISFIFO(st.st_mode))) {
		(void)close(f);
		return err_set(
		    e, EX_DATAERR, 0, "'%s' is not a regular file", name);
	}
	*fd = f;
	return 0;
}

static int
make_parents(const char *path, struct err *e)
{
	char *copy CLEANUP_FREE = mem_strdup(path);
	char *p = copy;

	for (;;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		if (*p == '\0')
			break;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			break; /* the last mkdir says why */
		*p = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make folder '%s'", path);
	return 0;
}

int
file_open_dir(const char *path, bool make, int *fd, struct err *e)
{
	int f = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (f < 0 && errno == ENOENT && make) {
		if (make_parents(path, e) < 0)
			return -1;
		f = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (f < 0)
		return err_set(e, status_of(errno, 0), errno,
		    "cannot open folder '%s'", path);
	*fd = f;
	return 0;
}

int
file_scratch(int *fd, struct err *e)
{
	const char *dir = getenv("TMPDIR");

	if (file_open(AT_FDCWD, dir == NULL || dir[0] != '/' ? "/tmp" : dir,
		O_TMPFILE | O_RDWR, 0600, fd, e) < 0)
		return err_wrap(e, "for a temporary file");
	return 0;
}

int
file_read_fd(
    int fd, const char *name, size_t max, struct buf *out, struct err *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uintmax_t)st.st_size <= max)
		buf_reserve(out, (size_t)st.st_size + 1);
	for (;;) {
		n = buf_read(out, fd, 65536);
		if (n == 0)
			return 0;
		if (n < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot read '%s'", name);
		if (out->len > max)
			return err_set(e, EX_DATAERR, 0,
			    "'%s' is larger than %zu bytes", name, max);
	}
}

int
file_read(int dir, const char *name, size_t max, struct buf *out, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (file_open(dir, name, O_RDONLY, 0, &fd, e) < 0)
		return -1;
	return file_read_fd(fd, name, max, out, e);
}

int
file_write_all(
    int fd, const void *data, size_t n, const char *name, struct err *e)
{
	const char *p = data;
	ssize_t w;

	while (n > 0) {
		w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot write '%s'", name);
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int
file_sync(int fd, const char *name, struct err *e)
{
	if (fsync(fd) < 0)
		return err_set(e, EX_IOERR, errno, "cannot sync '%s'", name);
	return 0;
}

int
file_sync_folder(int dir, const char *name, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (file_open(
		dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &fd, e) < 0)
		return -1;
	return file_sync(fd, name, e);
}

int
file_sync_data(int fd, const char *name, struct err *e)
{
	if (fdatasync(fd) < 0)
		return err_set(e, EX_IOERR, errno, "cannot sync '%s'", name);
	return 0;
}

static int
sync_folder(int dir, const char *name, struct err *e)
{
	int here CLEANUP_FD = -1;

	if (dir != AT_FDCWD)
		return file_sync(dir, name, e);
	if (file_open_dir(".", false, &here, e) < 0)
		return -1;
	return file_sync(here, name, e);
}

static int
put_file(int dir, const char *name, const void *data, size_t n, mode_t mode,
    bool durable, struct err *e)
{
	char tmp[300], nonce[RAND_TEXT];
	int fd CLEANUP_FD = -1;

	rand_text(nonce);
	(void)snprintf(tmp, sizeof(tmp), ".%.200s.%s", name, nonce);
	if (file_open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL, mode, &fd, e) < 0)
		return -1;
	if (file_write_all(fd, data, n, name, e) < 0 ||
	    (durable && file_sync(fd, name, e) < 0) ||
	    fd_close(&fd, name, e) < 0)
		goto fail;
	if (renameat(dir, tmp, dir, name) < 0) {
		err_set(e, EX_IOERR, errno, "cannot replace '%s'", name);
		goto fail;
	}
	return durable ? sync_folder(dir, name, e) : 0;
fail:
	(void)unlinkat(dir, tmp, 0);
	return -1;
}

int
file_replace(int dir, const char *name, const void *data, size_t n, mode_t mode,
    struct err *e)
{
	return put_file(dir, name, data, n, mode, true, e);
}

int
file_cache(int dir, const char *name, const void *data, size_t n, struct err *e)
{
	return put_file(dir, name, data, n, 0600, false, e);
}

int
file_make_dir(int dir, const char *name, mode_t mode, struct err *e)
{
	if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make folder '%s'", name);
	return 0;
}

static void
add_components(struct buf *b, const char *path)
{
	size_t n;

	for (; *path != '\0'; path += n) {
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 0 || (n == 1 && path[0] == '.'))
			continue;
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (b->len > 0 && b->data[b->len - 1] != '/')
				b->len--;
			if (b->len > 0)
				b->len--;
			continue;
		}
		buf_putc(b, '/');
		buf_add(b, path, n);
	}
}

char *
path_join(const char *base, const char *path)
{
	struct buf b = {0};

	if (path[0] != '/')
		add_components(&b, base);
	add_components(&b, path);
	if (b.len == 0)
		buf_putc(&b, '/');
	b.data[b.len] = '\0';
	return buf_steal(&b);
}

bool
path_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 1)
		return true; /* "/" */
	return strncmp(path, dir, n) == 0 &&
	       (path[n] == '\0' || path[n] == '/');
}

void
file_open_many(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}
