#include "sandbox/sandbox.h"

#include <errno.h>
#include <poll.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sandbox/proc.h"
#include "sandbox/wire.h"

/* How long an init may take to end its tree itself before it is killed. */
#define GRACE_MS 500

int
spawn_go(struct child *c, struct err *e)
{
	ssize_t n;

	if (c->go_fd < 0)
		return 0;
	/* An init that failed already does not wait for it, and child_wait
	 * tells why. */
	n = send(c->go_fd, "g", 1, MSG_NOSIGNAL);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		n = 1;
	fd_cleanup(&c->go_fd);
	if (n != 1)
		return err_set(e, EX_OSERR, errno, "cannot start the command");
	return 0;
}

void
spawn_terminate(struct child *c)
{
	if (c->pidfd >= 0)
		(void)pidfd_send_signal(c->pidfd, SIGTERM, NULL, 0);
}

void
spawn_kill(struct child *c)
{
	if (c->pidfd >= 0)
		(void)pidfd_send_signal(c->pidfd, c->kill_signal, NULL, 0);
}

/* True once the process is gone. */
static bool
gone(int pidfd, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int64_t deadline =
	    ms < 0 ? CLOCK_NEVER : clock_deadline(ms * CLOCK_MILLI);
	int r;

	do
		r = poll(&p, 1, clock_poll_ms(deadline));
	while (r < 0 && errno == EINTR);
	return r > 0;
}

/* Reap the init; with it goes the account of all that it reaped. */
static int64_t
reap(int pidfd)
{
	struct rusage used = {0};
	siginfo_t info;

	while (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED, &used) < 0)
		if (errno != EINTR)
			return 0;
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * CLOCK_SECOND +
	       (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

int
child_wait(struct child *c, struct child_end *end, struct err *e)
{
	struct wire_report rep;
	/* no report: the init itself was killed */
	struct child_end got = {
	    .status = EX_SIGNAL + SIGKILL, .signal = SIGKILL};
	struct err why = {0};

	(void)gone(c->pidfd, -1);
	while (why.status == 0 &&
	       read(c->status_fd, &rep, sizeof(rep)) == sizeof(rep)) {
		why = rep.err;
		got.status = rep.status;
		got.signal = rep.signal;
		got.took = rep.took;
	}
	got.took.cpu_ns = reap(c->pidfd);
	fd_cleanup(&c->pidfd);
	child_free(c);
	if (why.status != 0) {
		*e = why;
		return -1;
	}
	*end = got;
	return 0;
}

void
child_free(struct child *c)
{
	if (c->pidfd >= 0) {
		spawn_kill(c);
		(void)gone(c->pidfd, -1);
		(void)reap(c->pidfd);
	}
	fd_cleanup(&c->pidfd);
	fd_cleanup(&c->status_fd);
	fd_cleanup(&c->go_fd);
	fd_cleanup(&c->listener);
}

int
sandbox_reap_stale(pid_t pid, int64_t start, struct err *e)
{
	int fd CLEANUP_FD = pid > 0 ? pidfd_open(pid, 0) : -1;
	int64_t now;

	if (fd < 0 && (pid <= 0 || errno == ESRCH))
		return 0;
	if (fd < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot look at process %d", (int)pid);
	/* the descriptor holds the number: what is compared is what is hit */
	if (proc_start_time(pid, &now) < 0 || now != start)
		return 0;
	/* without a PID namespace only the init can end its tree */
	(void)pidfd_send_signal(fd, SIGQUIT, NULL, 0);
	if (gone(fd, GRACE_MS))
		return 0;
	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return err_set(
		    e, EX_OSERR, errno, "cannot kill process %d", (int)pid);
	(void)gone(fd, -1);
	return 0;
}
