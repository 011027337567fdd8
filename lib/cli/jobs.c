#include "cli/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#define SAID_MOST ((size_t)4096)

void
jobs_init(struct jobs *j, size_t most)
{
	*j = (struct jobs){.job = mem_new(most, sizeof(*j->job)), .most = most};
}

void
job_free(struct job *j)
{
	fd_cleanup(&j->pidfd);
	fd_cleanup(&j->said_fd);
	buf_free(&j->said);
	*j = (struct job){.pidfd = -1, .said_fd = -1};
}

void
jobs_free(struct jobs *j)
{
	free(j->job);
	*j = (struct jobs){0};
}

bool
jobs_room(const struct jobs *j)
{
	return j->running < j->most;
}

bool
jobs_idle(const struct jobs *j)
{
	return j->running == 0;
}

const struct job *
jobs_find(const struct jobs *j, const char *id)
{
	size_t i;

	for (i = 0; i < j->running; i++)
		if (strcmp(j->job[i].id, id) == 0)
			return &j->job[i];
	return NULL;
}

/* ---- start ------------------------------------------------------------------- */

/* In the child. */
static NORETURN void
become(char *const *argv, int said, pid_t parent)
{
	sigset_t none;
	int null;

	(void)sigemptyset(&none);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	null = open("/dev/null", O_RDWR);
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
		_exit(EX_OSERR);
	if (null > STDERR_FILENO)
		(void)close(null);
	(void)execv("/proc/self/exe", argv);
	_exit(EX_OSERR);
}

static int
spawn(struct job *j, char *const *argv, struct err *e)
{
	pid_t parent = getpid();
	int said[2];

	if (pipe2(said, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a pipe");
	j->said_fd = said[0];
	/* The writer may block. */
	(void)fcntl(said[1], F_SETFL, 0);
	j->pid = fork();
	if (j->pid == 0)
		become(argv, said[1], parent);
	(void)close(said[1]);
	if (j->pid < 0)
		return err_set(e, EX_OSERR, errno, "cannot start a run");
	j->pidfd = (int)syscall(SYS_pidfd_open, j->pid, 0);
	if (j->pidfd < 0) {
		(void)kill(j->pid, SIGKILL);
		(void)waitpid(j->pid, NULL, 0);
		return err_set(e, EX_OSERR, errno, "cannot watch a run");
	}
	return 0;
}

int
jobs_spawn(struct jobs *jobs, const char *id, int64_t seq, char *const *argv,
    struct err *e)
{
	struct job j = {.seq = seq, .pidfd = -1, .said_fd = -1};

	(void)snprintf(j.id, sizeof(j.id), "%s", id);
	if (spawn(&j, argv, e) < 0) {
		job_free(&j);
		return -1;
	}
	jobs->job[jobs->running++] = j;
	return 0;
}

int
jobs_start(struct jobs *jobs, const char *id, int64_t seq, char *const *options,
    size_t count, struct err *e)
{
	char **argv CLEANUP_FREE = mem_new(count + 5, sizeof(*argv));
	size_t n = 0, i;

	argv[n++] = (char *)(uintptr_t) "agent-run";
	argv[n++] = (char *)(uintptr_t) "-q";
	for (i = 0; i < count; i++)
		argv[n++] = options[i];
	argv[n++] = (char *)(uintptr_t) "-r";
	argv[n++] = (char *)(uintptr_t)id;
	return jobs_spawn(jobs, id, seq, argv, e);
}

void
jobs_signal(struct jobs *j, int signal)
{
	size_t i;

	for (i = 0; i < j->running; i++)
		(void)syscall(
		    SYS_pidfd_send_signal, j->job[i].pidfd, signal, NULL, 0);
}

/* ---- wait ---------------------------------------------------------------------- */

/* Keep the last line. */
static void
hear(struct job *j)
{
	char *nl;
	ssize_t n;

	while (
	    (n = buf_read(&j->said, j->said_fd, SAID_MOST - j->said.len)) > 0) {
		while ((nl = memchr(j->said.data, '\n', j->said.len)) != NULL &&
		       (size_t)(nl + 1 - j->said.data) < j->said.len)
			buf_drop(&j->said, (size_t)(nl + 1 - j->said.data));
		if (j->said.len == SAID_MOST)
			buf_clear(&j->said);
	}
	if (n == 0)
		fd_cleanup(&j->said_fd);
}

/* The program's name and the agent's are known. */
static void
finish_said(struct job *j)
{
	static const char name[] = "agent-run: ";
	char agent[ULID_TEXT + 16];
	size_t n;

	if (j->said_fd >= 0)
		hear(j);
	while (j->said.len > 0 && j->said.data[j->said.len - 1] == '\n')
		buf_cut(&j->said, j->said.len - 1);
	if (strncmp(buf_str(&j->said), name, sizeof(name) - 1) == 0)
		buf_drop(&j->said, sizeof(name) - 1);
	(void)snprintf(agent, sizeof(agent), " (agent %s)", j->id);
	n = strlen(agent);
	if (j->said.len >= n &&
	    strcmp(buf_str(&j->said) + j->said.len - n, agent) == 0)
		buf_cut(&j->said, j->said.len - n);
}

/* Has it ended?  Then it is taken out. */
static bool
reap(struct jobs *jobs, size_t i, struct job *done)
{
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)jobs->job[i].pidfd, &info,
		WEXITED | WNOHANG) < 0 ||
	    info.si_pid == 0)
		return false;
	*done = jobs->job[i];
	done->status = info.si_code == CLD_EXITED ? info.si_status
						  : EX_SIGNAL + info.si_status;
	finish_said(done);
	jobs->job[i] = jobs->job[--jobs->running];
	return true;
}

int
jobs_wait(struct jobs *jobs, int stop_fd, int64_t until, struct job *done,
    struct err *e)
{
	struct pollfd *p CLEANUP_FREE =
	    mem_new(2 * jobs->running + 1, sizeof(*p));
	size_t i, n = jobs->running;

	p[2 * n] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	for (i = 0; i < n; i++) {
		p[2 * i] =
		    (struct pollfd){.fd = jobs->job[i].pidfd, .events = POLLIN};
		p[2 * i + 1] = (struct pollfd){
		    .fd = jobs->job[i].said_fd, .events = POLLIN};
	}
	if (poll(p, 2 * n + 1, clock_poll_ms(until)) < 0) {
		if (errno == EINTR)
			return 0;
		return err_set(e, EX_OSERR, errno, "cannot wait for runs");
	}
	if (p[2 * n].revents != 0)
		return 2;
	for (i = 0; i < n; i++)
		if (p[2 * i + 1].revents != 0)
			hear(&jobs->job[i]);
	for (i = 0; i < n; i++)
		if (p[2 * i].revents != 0 && reap(jobs, i, done))
			return 1;
	return 0;
}
