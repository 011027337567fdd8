#include "model/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/provider.h"
#include "sandbox/descend.h"

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       access(path, X_OK) == 0;
}

static char *
look_up(const char *name)
{
	const char *p = getenv("PATH");
	char *path;
	size_t n;

	if (strchr(name, '/') != NULL)
		return is_program(name) ? mem_strdup(name) : NULL;
	if (p == NULL)
		p = "/usr/bin:/bin";
	for (; *p != '\0'; p += n + (p[n] == ':')) {
		n = strcspn(p, ":");
		path = mem_printf("%.*s/%s", (int)n, n == 0 ? "." : p, name);
		if (n > 0 && is_program(path))
			return path;
		free(path);
	}
	return NULL;
}

int
command_parse(const char *line, struct command *out, struct err *e)
{
	struct command c = {0};
	size_t n = 0;
	char *p;

	c.words = mem_strdup(line);
	c.argv = mem_new(strlen(line) / 2 + 2, sizeof(*c.argv));
	for (p = c.words; *(p += strspn(p, " ")) != '\0';) {
		c.argv[n++] = p;
		p += strcspn(p, " ");
		if (*p != '\0')
			*p++ = '\0';
	}
	if (n > 0)
		c.path = look_up(c.argv[0]);
	if (c.path == NULL) {
		(void)err_set(e, EX_NOINPUT, 0, "no program '%s'",
		    n == 0 ? "" : c.argv[0]);
		command_free(&c);
		return -1;
	}
	*out = c;
	return 0;
}

void
command_free(struct command *c)
{
	free(c->path);
	free(c->words);
	free(c->argv);
	memset(c, 0, sizeof(*c));
}

void
command_add(struct command *c, char *argument)
{
	size_t n = 0;

	while (c->argv[n] != NULL)
		n++;
	c->argv = mem_grow(c->argv, n + 2, sizeof(*c->argv));
	c->argv[n] = argument;
	c->argv[n + 1] = NULL;
}

/* The text as a file of its own: no pipe to fill while its reader fills
 * another, no SIGPIPE when it does not read. */
int
command_stdin(struct slice in, int *out, struct err *e)
{
	int fd CLEANUP_FD = memfd_create("request", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(e, EX_OSERR, errno, "cannot hold the request");
	if (file_write_all(fd, in.data, in.len, "the request", e) < 0 ||
	    file_write_all(fd, "\n", 1, "the request", e) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return err_set(e, EX_OSERR, errno, "cannot hold the request");
	*out = fd;
	fd = -1;
	return 0;
}

/* The program itself.  Its parent was forked from one that may hold locks,
 * blocked signals and handlers: nothing of them goes on. */
static NORETURN void
become(const struct command *c, int in, int out)
{
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(EX_OSERR);
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(c->path, c->argv, c->env == NULL ? environ : c->env);
	_exit(errno == ENOENT ? EX_NOT_FOUND : EX_CANNOT_EXECUTE);
}

/* All that descends from this process, also what has left its session. */
static void
end_descendants(void)
{
	do
		descend_signal(SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno != ECHILD);
}

static void
default_signals(void)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
}

/* Close everything else: the runner's lock, and the ends of pipes. */
static void
keep_two(int *a, int *b)
{
	const int high = 16, low = 3;
	int x = fcntl(*a, F_DUPFD_CLOEXEC, high);
	int y = fcntl(*b, F_DUPFD_CLOEXEC, high);

	*a = dup3(x, low, O_CLOEXEC);
	*b = dup3(y, low + 1, O_CLOEXEC);
	(void)close_range(0, (unsigned)low - 1, 0);
	(void)close_range((unsigned)low + 2, ~0U, 0);
}

/*
 * Between the runner and the program: adopts what the program leaves behind,
 * and ends all of it when the program has ended or `alive` says that the
 * runner wants it or is dead itself, which it may be at any time.
 */
static NORETURN void
attend(const struct command *c, int in, int out, int alive)
{
	struct pollfd p[2] = {{alive, POLLIN, 0}, {-1, POLLIN, 0}};
	sigset_t all;
	pid_t pid;
	int w = 0;

	(void)setsid();
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	default_signals();
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	(void)prctl(PR_SET_DUMPABLE, 0);
	pid = vfork();
	if (pid == 0)
		become(c, in, out);
	p[1].fd = pid < 0 ? -1 : pidfd_open(pid, 0);
	keep_two(&p[0].fd, &p[1].fd);
	while (p[1].fd >= 0 && poll(p, 2, -1) < 0)
		;
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &w, 0);
	}
	end_descendants();
	_exit(pid < 0          ? EX_OSERR
	      : WIFSIGNALED(w) ? EX_SIGNAL + WTERMSIG(w)
			       : WEXITSTATUS(w));
}

int
command_start(const struct command *c, int in, int out,
    struct command_child *child, struct err *e)
{
	int life[2];
	pid_t pid;

	if (pipe2(life, O_CLOEXEC) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0)
		attend(c, in, out, life[0]);
	(void)close(life[0]);
	if (pid < 0) {
		(void)close(life[1]);
		return err_set(
		    e, EX_UNAVAILABLE, errno, "cannot start '%s'", c->argv[0]);
	}
	*child = (struct command_child){.pid = pid, .alive = life[1]};
	return 0;
}

static int
start(const struct command *c, int in, int *from, struct command_child *child,
    struct err *e)
{
	int fds[2], got;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a pipe");
	got = command_start(c, in, fds[1], child, e);
	(void)close(fds[1]);
	if (got < 0) {
		(void)close(fds[0]);
		return -1;
	}
	*from = fds[0];
	(void)fcntl(*from, F_SETFL, O_NONBLOCK);
	return 0;
}

/* What is in the pipe now.  False when no more can come or be kept. */
static bool
drain(int fd, struct buf *out)
{
	ssize_t n;

	do
		n = buf_read(out, fd, 65536);
	while (n > 0);
	return n < 0 && errno == EAGAIN;
}

/* Wait until the program has ended, taking what it prints. */
static int
watch(int pidfd, int from, const struct model_options *o, struct buf *out,
    struct err *e)
{
	struct pollfd p[3] = {
	    {from, POLLIN, 0}, {pidfd, POLLIN, 0}, {o->stop_fd, POLLIN, 0}};

	for (;;) {
		if (poll(p, 3, clock_poll_ms(o->deadline)) < 0) {
			if (errno == EINTR)
				continue;
			return err_set(e, EX_OSERR, errno, "cannot wait");
		}
		if (p[2].revents != 0)
			return model_stopped(e);
		if (p[0].revents != 0 && !drain(from, out)) {
			p[0].fd = -1;
			if (out->full)
				return 0;
		}
		if (p[1].revents != 0) {
			(void)drain(from, out);
			return 0;
		}
		if (clock_mono() >= o->deadline)
			return model_too_late(e);
	}
}

int
command_end(struct command_child *child)
{
	int w = 0;

	fd_cleanup(&child->alive);
	while (waitpid(child->pid, &w, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(w) ? EX_SIGNAL + WTERMSIG(w) : WEXITSTATUS(w);
}

int
command_run(const struct command *c, struct slice in,
    const struct model_options *o, struct buf *out, int *status, struct err *e)
{
	int stdin_fd CLEANUP_FD = -1, from CLEANUP_FD = -1;
	int pidfd CLEANUP_FD = -1;
	struct command_child child;
	int rc;

	if (command_stdin(in, &stdin_fd, e) < 0 ||
	    start(c, stdin_fd, &from, &child, e) < 0)
		return -1;
	pidfd = pidfd_open(child.pid, 0);
	rc = pidfd < 0
		 ? err_set(e, EX_OSERR, errno, "cannot watch '%s'", c->argv[0])
		 : watch(pidfd, from, o, out, e);
	*status = command_end(&child);
	if (out->full)
		*status = 0; /* killed for that, and told by `full` */
	return rc;
}
