#include "tool/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/digest.h"
#include "tool/inside.h"

void
target_free(struct target *t)
{
	free(t->path);
	fd_cleanup(&t->fd);
}

int
target_refuse(void)
{
	return inside_fail("F");
}

/* Would it be made in the private root's own file system, such as its /tmp,
 * which ends with the call? */
static bool
is_fleeting(const char *full)
{
	char *up CLEANUP_FREE = mem_strdup(full);
	struct stat at, root, here;
	struct statfs fs;
	char *slash;

	do {
		slash = strrchr(up, '/');
		if (slash == NULL || slash == up)
			return false;
		*slash = '\0';
	} while (stat(up, &at) < 0);
	return statfs("/", &fs) == 0 && fs.f_type == TMPFS_MAGIC &&
	       stat("/", &root) == 0 && stat(".", &here) == 0 &&
	       at.st_dev == root.st_dev && here.st_dev != root.st_dev;
}

/* A path that nothing is at yet: links in its folders are followed when these
 * are made; a last link that leads nowhere is not. */
static int
new_target(struct target *t, char *full)
{
	struct stat st;

	if (lstat(full, &st) == 0) {
		target_refuse();
		inside_fail(
		    "%s is a symbolic link that leads nowhere", t->shown);
		return -1;
	}
	if (is_fleeting(full)) {
		target_refuse();
		inside_fail("not permitted: %s leads out of the workspace, to "
			    "where nothing is kept",
		    t->shown);
		return -1;
	}
	t->path = mem_strdup(full);
	return 0;
}

static int
open_target(struct target *t)
{
	struct stat st;

	t->fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (t->fd < 0 || fstat(t->fd, &st) < 0) {
		int saved = errno;

		target_refuse();
		inside_fail_path(t->shown, saved);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		target_refuse();
		inside_fail("%s is %s, not a file", t->shown,
		    S_ISDIR(st.st_mode) ? "a folder" : "a pipe or a device");
		return -1;
	}
	t->exists = true;
	t->mode = st.st_mode & 07777;
	t->uid = st.st_uid;
	t->gid = st.st_gid;
	return 0;
}

int
target_find(struct target *t, const char *path)
{
	char *full CLEANUP_FREE = inside_path(path);
	size_t n = strlen(path);
	int saved;

	*t = (struct target){.shown = path, .mode = 0644, .fd = -1};
	if (n == 0 || path[n - 1] == '/') {
		target_refuse();
		inside_fail("not a file's name: '%s'", path);
		return -1;
	}
	t->path = realpath(full, NULL);
	saved = errno;
	if (t->path != NULL)
		return open_target(t);
	if (saved == ENOENT)
		return new_target(t, full);
	target_refuse();
	inside_fail_path(path, saved);
	return -1;
}

/* Make the folders above `path` that are missing, each one synced. */
static int
make_folders(const char *path, struct err *e)
{
	char *copy CLEANUP_FREE = mem_strdup(path);
	int above CLEANUP_FD = -1;
	char *p = copy, *name;
	int next, made;

	if (file_open(AT_FDCWD, *p == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY,
		0, &above, e) < 0)
		return -1;
	for (;;) {
		p += strspn(p, "/");
		name = p;
		p += strcspn(p, "/");
		if (*p == '\0')
			return 0;
		*p++ = '\0';
		made = mkdirat(above, name, 0777) == 0;
		if (!made && errno != EEXIST)
			return err_set(e, EX_CANTCREAT, errno,
			    "cannot make the folder '%s'", name);
		if (made && file_sync(above, name, e) < 0)
			return -1;
		if (file_open(
			above, name, O_RDONLY | O_DIRECTORY, 0, &next, e) < 0)
			return -1;
		(void)close(above);
		above = next;
	}
}

/* A file that is granted by itself is a mount: it cannot be renamed over, nor
 * can a name be made beside it.  It is written in place. */
static int
write_in_place(
    const struct target *t, const char *data, size_t n, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (file_open(AT_FDCWD, t->path, O_WRONLY | O_TRUNC, 0, &fd, e) < 0 ||
	    file_write_all(fd, data, n, t->shown, e) < 0 ||
	    file_sync(fd, t->shown, e) < 0)
		return -1;
	return fd_close(&fd, t->shown, e);
}

/* All of the new contents under a temporary name in `dir`. */
static int
write_beside(const struct target *t, int dir, const char *tmp, const char *data,
    size_t n, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (file_open(dir, tmp, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, e) < 0)
		return -1;
	if (t->exists && fchown(fd, t->uid, t->gid) < 0 && errno != EPERM)
		return err_set(e, EX_IOERR, errno, "cannot own '%s'", tmp);
	if (fchmod(fd, t->mode) < 0)
		return err_set(e, EX_IOERR, errno,
		    "cannot set the mode of "
		    "'%s'",
		    tmp);
	if (file_write_all(fd, data, n, t->shown, e) < 0 ||
	    file_sync(fd, t->shown, e) < 0)
		return -1;
	return fd_close(&fd, t->shown, e);
}

static bool
is_mount_errno(int errnum)
{
	return errnum == EBUSY || errnum == EXDEV || errnum == EACCES ||
	       errnum == EPERM || errnum == EROFS;
}

/* The same for the same write, so that one which is made again after a kill
 * finds, and takes, what the first left. */
static void
temporary_name(
    const struct target *t, const char *data, size_t n, char *out, size_t room)
{
	char hex[DIGEST_HEX + 1];
	struct sha256 sum;
	struct digest d;

	sha256_init(&sum);
	sha256_add(&sum, t->path, strlen(t->path) + 1);
	sha256_add(&sum, data, n);
	sha256_get(&sum, &d);
	digest_hex(&d, hex);
	(void)snprintf(out, room, ".new-%.24s", hex);
}

int
target_write(const struct target *t, const char *data, size_t n, struct err *e)
{
	char *folder CLEANUP_FREE = mem_strdup(t->path);
	char tmp[40];
	char *slash = strrchr(folder, '/');
	const char *name =
	    slash == NULL ? t->path : t->path + (slash - folder) + 1;
	int dir CLEANUP_FD = -1;
	int r;

	if (!t->exists && make_folders(t->path, e) < 0)
		return -1;
	if (slash != NULL)
		slash[slash == folder] = '\0';
	if (file_open(AT_FDCWD, slash == NULL ? "." : folder,
		O_RDONLY | O_DIRECTORY, 0, &dir, e) < 0)
		return -1;
	temporary_name(t, data, n, tmp, sizeof(tmp));
	(void)unlinkat(dir, tmp, 0);
	r = write_beside(t, dir, tmp, data, n, e);
	if (r == 0 && renameat(dir, tmp, dir, name) < 0)
		r = err_set(
		    e, EX_IOERR, errno, "cannot replace '%s'", t->shown);
	if (r == 0)
		return file_sync(dir, t->shown, e);
	(void)unlinkat(dir, tmp, 0);
	if (t->exists && is_mount_errno(e->errnum))
		return write_in_place(t, data, n, e);
	return -1;
}
