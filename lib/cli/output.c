#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bundle/save.h"
#include "cli/ckptverb.h"

static int
write_there(const char *to, int (*fill)(void *arg, int fd, struct err *),
    void *arg, struct err *e)
{
	int fd CLEANUP_FD = open(to, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot write to '%s'", to);
	return fill(arg, fd, e) < 0 ? -1 : fd_close(&fd, to, e);
}

static bool
is_special(const char *to)
{
	struct stat st;

	return stat(to, &st) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode);
}

void
output_write(
    const char *to, int (*fill)(void *arg, int fd, struct err *), void *arg)
{
	char *path, *name;
	struct err e;
	int dir, r;

	if (to == NULL || strcmp(to, "-") == 0) {
		r = fill(arg, STDOUT_FILENO, &e);
	} else if (is_special(to)) {
		r = write_there(to, fill, arg, &e);
	} else {
		dir = ckptverb_parent(to, &path, &name);
		r = save_durably(dir, name, fill, arg, &e);
		(void)close(dir);
		free(path);
	}
	if (r < 0)
		die_err(&e);
}

static int
fill_text(void *arg, int fd, struct err *e)
{
	const struct slice *text = arg;

	return file_write_all(fd, text->data, text->len, "output", e);
}

void
output_text(const char *to, struct slice text, mode_t mode)
{
	char *path, *name;
	struct err e;
	int dir;

	if (is_special(to)) {
		output_write(to, fill_text, &text);
		return;
	}
	dir = ckptverb_parent(to, &path, &name);
	if (file_replace(dir, name, text.data, text.len, mode, &e) < 0)
		die_err(&e);
	(void)close(dir);
	free(path);
}
