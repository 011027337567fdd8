#include "sandbox/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

int
proc_stat(pid_t pid, int field, int64_t *out)
{
	char text[1024], *p, *end;
	ssize_t n;
	int at, fd CLEANUP_FD = -1;

	(void)snprintf(text, sizeof(text), "/proc/%d/stat", (int)pid);
	fd = open(text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -1;
	text[n] = '\0';
	/* field 2, the name, is in brackets and may hold anything */
	p = strrchr(text, ')');
	for (at = 2; p != NULL && at < field; at++)
		p = strchr(p + 1, ' ');
	if (p == NULL) {
		errno = ESRCH;
		return -1;
	}
	end = strchr(++p, ' ');
	if (end != NULL)
		*end = '\0';
	return num_int(p, INT64_MIN, INT64_MAX, out);
}

int
proc_start_time(pid_t pid, int64_t *out)
{
	return proc_stat(pid, 22, out);
}

int
proc_write(const char *path, const char *text)
{
	int fd CLEANUP_FD = open(path, O_WRONLY | O_CLOEXEC);
	size_t n = strlen(text);

	return fd >= 0 && write(fd, text, n) == (ssize_t)n ? 0 : -1;
}
