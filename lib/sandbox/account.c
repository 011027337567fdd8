#include "sandbox/account.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "sandbox/descend.h"
#include "sandbox/proc.h"

/* proc(5): /proc/PID/stat, in clock ticks. */
static const int times[] = {14, 15, 16, 17};

static void
parse_line(const char *line, const char *key, int64_t *slot)
{
	size_t n = strlen(key);
	char text[24];
	int64_t v;

	if (strncmp(line, key, n) != 0)
		return;
	(void)snprintf(
	    text, sizeof(text), "%.*s", (int)strcspn(line + n, "\n"), line + n);
	if (num_int(text, 0, INT64_MAX / 4, &v) == 0)
		*slot += v;
}

void
account_parse(const char *text, struct account *a)
{
	const char *line = text;

	while (line != NULL) {
		line += *line == '\n';
		parse_line(line, "wchar: ", &a->handed);
		parse_line(line, "write_bytes: ", &a->written);
		line = strchr(line, '\n');
	}
}

void
account_read(int fd, struct account *a)
{
	char text[512];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return;
	text[n] = '\0';
	account_parse(text, a);
}

static void
keep_most(int64_t *a, int64_t b)
{
	if (b > *a)
		*a = b;
}

void
account_most(struct account *a, const struct account *b)
{
	keep_most(&a->cpu_ns, b->cpu_ns);
	keep_most(&a->written, b->written);
	keep_most(&a->handed, b->handed);
}

static void
look_at(pid_t pid, struct account *a)
{
	char path[32];
	int64_t tick = CLOCK_SECOND / sysconf(_SC_CLK_TCK), ticks;
	int fd CLEANUP_FD = -1;
	size_t i;

	for (i = 0; i < COUNT_OF(times); i++)
		if (proc_stat(pid, times[i], &ticks) == 0 && ticks > 0)
			a->cpu_ns += ticks * tick;
	(void)snprintf(path, sizeof(path), "/proc/%d/io", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	account_read(fd, a);
}

void
account_look(pid_t init, struct account *out)
{
	struct account a = {0};
	pid_t *list CLEANUP_FREE = NULL;
	size_t n, i;

	/* parents first: what is waited for meanwhile counts once or not yet */
	n = descend_list(init, &list);
	look_at(init, &a);
	for (i = 0; i < n; i++)
		look_at(list[i], &a);
	*out = a;
}

bool
account_has_disk(const char *path)
{
	static const long without[] = {
	    TMPFS_MAGIC, RAMFS_MAGIC, FUSE_SUPER_MAGIC, V9FS_MAGIC};
	struct statfs fs;
	size_t i;

	if (statfs(path, &fs) < 0)
		return true;
	for (i = 0; i < COUNT_OF(without); i++)
		if ((long)fs.f_type == without[i])
			return false;
	return true;
}
