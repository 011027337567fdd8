/* The file "run" of an agent's folder: the processes of its calls, for a
 * recovery. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/session.h"
#include "base/file.h"
#include "base/num.h"

#define RUN_FILE "run"

void
session_boot_id(char out[BOOT_TEXT])
{
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	out[0] = '\0';
	if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &text,
		&e) == 0)
		(void)snprintf(out, BOOT_TEXT, "%.*s",
		    (int)strcspn(buf_str(&text), "\n"), buf_str(&text));
}

/* One line of the file "run": "PID START". */
static int
reap_line(char *line, struct err *e)
{
	char *space = strchr(line, ' ');
	int64_t pid, start;

	if (space == NULL)
		return 0;
	*space = '\0';
	if (num_int(line, 2, INT32_MAX, &pid) < 0 ||
	    num_int(space + 1, 0, INT64_MAX, &start) < 0)
		return 0;
	return sandbox_reap_stale((pid_t)pid, start, e);
}

int
session_reap(struct session *s, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	char boot[BOOT_TEXT], *line, *next;
	struct err why;

	if (file_read(s->dir, RUN_FILE, 65536, &text, &why) < 0) {
		if (why.status == EX_NOINPUT)
			return 0;
		*e = why;
		return -1;
	}
	session_boot_id(boot);
	next = text.data;
	line = strsep(&next, "\n");
	if (line == NULL || strcmp(line, boot) != 0)
		return 0; /* of before a reboot */
	while ((line = strsep(&next, "\n")) != NULL)
		if (reap_line(line, e) < 0)
			return err_wrap(e, "a process of the dead run");
	return 0;
}

int
session_note_children(struct session *s, const struct child *const *children,
    size_t n, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	if (s->run < 0) {
		if (file_open(s->dir, RUN_FILE, O_RDWR | O_CREAT | O_NOFOLLOW,
			0600, &s->run, e) < 0)
			return -1;
		session_boot_id(s->boot);
	}
	buf_printf(&text, "%s\n", s->boot);
	for (i = 0; i < n; i++)
		buf_printf(&text, "%d %" PRId64 "\n", (int)children[i]->pid,
		    children[i]->start);
	if (pwrite(s->run, text.data, text.len, 0) != (ssize_t)text.len ||
	    ftruncate(s->run, (off_t)text.len) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot write '%s'", RUN_FILE);
	return 0;
}

void
session_forget_children(struct session *s)
{
	(void)unlinkat(s->dir, RUN_FILE, 0);
}
