#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"

#define AFTER_DEATH (5 * CLOCK_SECOND)

static int
holder_pid(int fd)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	int64_t pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return num_int(text, 1, INT32_MAX, &pid) < 0 ? 0 : (int)pid;
}

/*
 * What its holder had just forked still has the lock when that dies, until it
 * comes to close what it inherited.
 */
static int
lock_after_death(int fd, struct flock *whole)
{
	const struct timespec pause = {0, 2 * CLOCK_MILLI};
	int64_t deadline = clock_deadline(AFTER_DEATH);
	int pid, r;

	do {
		r = fcntl(fd, F_OFD_SETLK, whole);
		if (r == 0 || (errno != EAGAIN && errno != EACCES))
			return r;
		pid = holder_pid(fd);
		if (pid == 0 || kill(pid, 0) == 0 || errno != ESRCH)
			break;
		(void)nanosleep(&pause, NULL);
	} while (clock_mono() < deadline);
	errno = EAGAIN;
	return -1;
}

int
lock_take(int dir, const char *name, int *fd, struct err *e)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int f CLEANUP_FD = -1;
	char text[24];
	int n;

	if (file_open(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, &f, e) <
	    0)
		return -1;
	if (lock_after_death(f, &whole) < 0) {
		if (errno != EAGAIN)
			return err_set(
			    e, EX_IOERR, errno, "cannot lock '%s'", name);
		return err_set(
		    e, EX_TEMPFAIL, 0, "held by process %d", holder_pid(f));
	}
	/* For people only: a failure to write it changes nothing. */
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (pwrite(f, text, (size_t)n, 0) == n)
		(void)!ftruncate(f, n);
	*fd = f;
	f = -1;
	return 0;
}

int
lock_wait(int dir, const char *name, int64_t deadline, int *fd, struct err *e)
{
	struct timespec pause = {0, 2 * CLOCK_MILLI};

	while (lock_take(dir, name, fd, e) < 0) {
		if (e->status != EX_TEMPFAIL || clock_mono() >= deadline)
			return -1;
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 50 * CLOCK_MILLI)
			pause.tv_nsec *= 2;
	}
	return 0;
}

int
lock_holder(int dir, const char *name)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int f CLEANUP_FD = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (f < 0 || fcntl(f, F_OFD_GETLK, &whole) < 0 ||
	    whole.l_type == F_UNLCK)
		return 0;
	return holder_pid(f);
}
