#include "tool/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

int
inside_fail(const char *fmt, ...)
{
	struct err e = {0};
	char msg[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	(void)file_write_all(STDOUT_FILENO, msg, strlen(msg), "answer", &e);
	return 1;
}

int
inside_answer(const struct buf *b)
{
	struct err e = {0};

	return file_write_all(STDOUT_FILENO, buf_str(b), b->len, "answer", &e) <
	       0;
}

int
inside_arguments(struct slice argument, struct json **out)
{
	struct err e = {0};

	if (json_parse(argument.data, argument.len, out, &e) == 0)
		return 0;
	(void)inside_fail("bad arguments: %s", e.msg);
	return -1;
}

char *
inside_path(const char *path)
{
	char *cwd CLEANUP_FREE = getcwd(NULL, 0);

	return path_join(cwd == NULL ? "/" : cwd, path);
}

int
inside_fail_path(const char *path, int errnum)
{
	switch (errnum) {
	case ENOENT:
		return inside_fail("no such file: %s", path);
	case ENOTDIR:
		return inside_fail(
		    "a part of the path is not a folder: %s", path);
	case EACCES:
	case EPERM:
	case EROFS:
		return inside_fail("not permitted: %s", path);
	case ELOOP:
		return inside_fail("too many symbolic links: %s", path);
	default:
		return inside_fail("%s: %s", path, strerror(errnum));
	}
}

static const char *
kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a folder";
	case S_IFIFO:
		return "a named pipe";
	case S_IFSOCK:
		return "a socket";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	default:
		return "a regular file";
	}
}

int
inside_open(const char *path, bool folders, struct stat *st, int *fd)
{
	char *full CLEANUP_FREE = inside_path(path);
	/* O_NONBLOCK: a named pipe without a writer must not hold us. */
	int f = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (f < 0 && errno == ENXIO) {
		(void)inside_fail(
		    "%s is a socket or a device, not a file", path);
		return -1;
	}
	if (f < 0) {
		(void)inside_fail_path(path, errno);
		return -1;
	}
	if (fstat(f, st) < 0 ||
	    (!S_ISREG(st->st_mode) && !(folders && S_ISDIR(st->st_mode)))) {
		(void)close(f);
		(void)inside_fail("%s is %s, not a %s", path,
		    kind_of(st->st_mode), folders ? "file or folder" : "file");
		return -1;
	}
	*fd = f;
	return 0;
}

bool
inside_is_binary(const char *data, size_t len)
{
	return memchr(data, '\0', len) != NULL;
}
