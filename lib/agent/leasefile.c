#include "agent/leasefile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/session.h"
#include "base/file.h"
#include "base/num.h"
#include "sandbox/proc.h"

#define HOST_TEXT  65
#define SPACE_TEXT 40

/* What tells processes apart: the words of a file. */
struct holder {
	char host[HOST_TEXT], boot[BOOT_TEXT], space[SPACE_TEXT];
	int64_t pid, start;
};

static int64_t
nanoseconds(const struct timespec *t)
{
	return t->tv_sec * CLOCK_SECOND + t->tv_nsec;
}

void
leasefile_name(int64_t number, char out[LEASE_NAME])
{
	(void)snprintf(out, LEASE_NAME, "lease.%" PRId64, number);
}

static void
myself(struct holder *h)
{
	ssize_t n = readlink("/proc/self/ns/pid", h->space, SPACE_TEXT - 1);

	h->space[n < 0 ? 0 : n] = '\0';
	if (gethostname(h->host, HOST_TEXT) < 0 || h->host[0] == '\0')
		memcpy(h->host, "?", 2);
	h->host[HOST_TEXT - 1] = '\0';
	session_boot_id(h->boot);
	h->pid = getpid();
	if (proc_start_time(getpid(), &h->start) < 0)
		h->start = 0;
}

static bool
parse(char *text, struct holder *h)
{
	char *word[5], *rest = text;
	size_t i;

	text[strcspn(text, "\n")] = '\0';
	for (i = 0; i < COUNT_OF(word); i++)
		if ((word[i] = strsep(&rest, " ")) == NULL)
			return false;
	(void)snprintf(h->host, HOST_TEXT, "%s", word[0]);
	(void)snprintf(h->boot, BOOT_TEXT, "%s", word[3]);
	(void)snprintf(h->space, SPACE_TEXT, "%s", word[4]);
	return num_int(word[1], 1, INT32_MAX, &h->pid) == 0 &&
	       num_int(word[2], 0, INT64_MAX, &h->start) == 0;
}

/* Only who sees the same processes can tell. */
static bool
is_dead(const struct holder *h)
{
	struct holder me;
	int64_t start;

	myself(&me);
	if (me.boot[0] == '\0' || strcmp(me.boot, h->boot) != 0 ||
	    me.space[0] == '\0' || strcmp(me.space, h->space) != 0)
		return false;
	return proc_start_time((pid_t)h->pid, &start) < 0 || start != h->start;
}

static int
read_one(int dir, struct lease_file *f, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1;
	char name[LEASE_NAME];
	struct holder h = {0};
	struct stat st;

	leasefile_name(f->number, name);
	/* A pipe of this name must not block. */
	if (file_open(
		dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, e) < 0 ||
	    file_read_fd(fd, name, 4096, &text, e) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot read '%s'", name);
	f->renewed = nanoseconds(&st.st_mtim);
	f->state = text.len == 0 ? LEASE_FREE : LEASE_LIVE;
	(void)snprintf(f->holder, sizeof(f->holder), "another process");
	if (text.len == 0 || !parse(text.data, &h))
		return 0;
	if (is_dead(&h))
		f->state = LEASE_DEAD;
	(void)snprintf(f->holder, sizeof(f->holder),
	    "process %" PRId64 " on %s", h.pid, h.host);
	return 0;
}

/* N of PREFIX N [. WORD], or 0. */
static int64_t
number_of(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);
	char text[24];
	int64_t number;

	if (strncmp(name, prefix, n) != 0)
		return 0;
	(void)snprintf(
	    text, sizeof(text), "%.*s", (int)strcspn(name + n, "."), name + n);
	return num_int(text, 1, INT64_MAX / 2, &number) < 0 ? 0 : number;
}

static int
open_list(int dir, DIR **out, struct err *e)
{
	int fd;

	if (file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0, &fd, e) < 0)
		return -1;
	*out = fdopendir(fd);
	if (*out != NULL)
		return 0;
	(void)close(fd);
	return err_set(e, EX_IOERR, errno, "cannot list leases");
}

int
leasefile_newest(int dir, struct lease_file *out, struct err *e)
{
	struct lease_file f = {.state = LEASE_NONE};
	const struct dirent *d;
	DIR *stream;
	int64_t n;

	if (open_list(dir, &stream, e) < 0)
		return -1;
	while ((d = readdir(stream)) != NULL) {
		n = number_of(d->d_name, "lease.");
		if (n > f.number)
			f.number = n;
	}
	(void)closedir(stream);
	if (f.number > 0 && read_one(dir, &f, e) < 0)
		return -1;
	*out = f;
	return 0;
}

static bool
is_over(const char *name, int64_t number, const char *keep)
{
	int64_t lease = number_of(name, "lease.");
	int64_t copy = number_of(name, ".journal.");

	return (lease > 0 && lease < number) ||
	       (copy > 0 && copy <= number && strcmp(name, keep) != 0) ||
	       strncmp(name, ".lease-", 7) == 0;
}

int
leasefile_clear(int dir, int64_t number, const char *keep, struct err *e)
{
	const struct dirent *d;
	DIR *stream;
	int got = 0;

	if (open_list(dir, &stream, e) < 0)
		return -1;
	while (got == 0 && (d = readdir(stream)) != NULL)
		if (is_over(d->d_name, number, keep) &&
		    unlinkat(dir, d->d_name, 0) < 0 && errno != ENOENT)
			got = err_set(e, EX_IOERR, errno, "cannot remove '%s'",
			    d->d_name);
	(void)closedir(stream);
	return got;
}

int
leasefile_renew(int fd, int64_t *now)
{
	struct stat st;

	if (futimens(fd, NULL) < 0 || fstat(fd, &st) < 0)
		return -1;
	*now = nanoseconds(&st.st_mtim);
	return 0;
}

int
leasefile_make(int dir, char name[LEASE_NAME], int *fd, struct err *e)
{
	struct holder me;
	int f CLEANUP_FD = -1;
	char nonce[RAND_TEXT], text[512];
	int n;

	myself(&me);
	rand_text(nonce);
	(void)snprintf(name, LEASE_NAME, ".lease-%.16s", nonce);
	n = snprintf(text, sizeof(text), "%s %" PRId64 " %" PRId64 " %s %s\n",
	    me.host, me.pid, me.start, me.boot, me.space);
	if (file_open(dir, name, O_RDWR | O_CREAT | O_EXCL, 0600, &f, e) < 0)
		return -1;
	if (file_write_all(f, text, (size_t)n, name, e) < 0) {
		(void)unlinkat(dir, name, 0);
		return -1;
	}
	*fd = f;
	f = -1;
	return 0;
}
