#include "sandbox/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "sandbox/confine.h"
#include "sandbox/descend.h"
#include "sandbox/proc.h"
#include "sandbox/root.h"

#define HOSTNAME   "agent"
#define PIDS_LEAST 301 /* the kernel keeps the numbers up to 300 back */

/* Set by handlers, looked at by the one loop below. */
static volatile sig_atomic_t asked_to_end, asked_to_die;

static const int watched[] = {SIGTERM, SIGQUIT, SIGCHLD};

static void
on_signal(int sig)
{
	if (sig == SIGTERM)
		asked_to_end = 1;
	else if (sig == SIGQUIT)
		asked_to_die = 1;
}

static NORETURN void
report(const struct wire_report *rep)
{
	(void)!write(INIT_STATUS, rep, sizeof(*rep));
	_exit(0);
}

static NORETURN void
report_error(const struct err *e)
{
	struct wire_report rep = {.err = *e};

	report(&rep);
}

/* Descriptors where they are expected, and none beside them. */
static int
take_descriptors(const struct init_call *c, struct err *e)
{
	const bool has[] = {c->request.in, c->request.out, c->request.errout};
	size_t i, n = 1;
	int io;

	if (dup3(c->fds[0], INIT_STATUS, O_CLOEXEC) < 0)
		return err_set(e, EX_OSERR, errno, "cannot place descriptors");
	for (i = 0; i < COUNT_OF(has); i++)
		if (has[i] && dup2(c->fds[n++], (int)i) < 0)
			return err_set(
			    e, EX_OSERR, errno, "cannot place descriptors");
	if (c->request.held && dup3(c->fds[n], INIT_GO, O_CLOEXEC) < 0)
		return err_set(e, EX_OSERR, errno, "cannot place descriptors");
	(void)close(INIT_SOCKET);
	if (close_range(INIT_FIRST, ~0U, 0) < 0)
		return err_set(e, EX_OSERR, errno, "cannot close descriptors");
	/* only as long as it may be looked at; without, nothing is counted */
	io = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
	if (io >= 0 && io != INIT_IO && dup3(io, INIT_IO, O_CLOEXEC) >= 0)
		(void)close(io);
	return 0;
}

static int
watch_signals(struct err *e)
{
	struct sigaction act = {.sa_handler = on_signal};
	size_t i;

	for (i = 0; i < COUNT_OF(watched); i++)
		if (sigaction(watched[i], &act, NULL) < 0)
			return err_set(
			    e, EX_OSERR, errno, "cannot watch signals");
	return 0;
}

/* The boundary: a root of its own. */
static int
enter_root(const struct init_call *c, struct rules *rules, struct err *e)
{
	const struct view *v = &c->spec->view;
	struct plan plan CLEANUP(plan_free) = {0};

	if (plan_make(&plan, v, e) < 0)
		return -1;
	if (!c->machine->contained)
		return rules_allow_plan(rules, &plan, v, e);
	if (sethostname(HOSTNAME, sizeof(HOSTNAME) - 1) < 0)
		return err_set(e, EX_OSERR, errno, "cannot set the host name");
	return root_enter(
	    &plan, v, &c->spec->limits, c->spec->bundle, rules, e);
}

/*
 * What can only be said through the machine's /proc, as long as that is in
 * sight.  The number of processes, of this namespace alone: the limit of
 * setrlimit(2) does not bind uid 0.  Kernels before 6.14 have one number for
 * all and do not let it be set from here.  And who goes first when the
 * machine runs out of memory: not the runner.
 */
static void
set_by_proc(const struct init_call *c)
{
	int64_t most = c->spec->limits.processes;
	char text[24];

	(void)proc_write("/proc/self/oom_score_adj", "1000");
	if (!c->machine->contained || most <= 0)
		return;
	(void)snprintf(text, sizeof(text), "%jd",
	    (intmax_t)(most < PIDS_LEAST ? PIDS_LEAST : most));
	(void)proc_write("/proc/sys/kernel/pid_max", text);
}

/* A file in memory is on no mount that could forbid to execute it: where this
 * may be said (to root, from Linux 6.3), it forbids itself. */
static void
close_memory_files(const struct init_call *c)
{
	if (c->machine->contained)
		(void)proc_write("/proc/sys/vm/memfd_noexec", "2");
}

static int
prepare(const struct init_call *c, struct rules *rules, struct err *e)
{
	const struct machine *m = c->machine;

	/* without a PID namespace the init must live to end its tree itself */
	if (m->contained && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_set(e, EX_OSERR, errno, "cannot follow the runner");
	(void)setsid();
	if (take_descriptors(c, e) < 0 || watch_signals(e) < 0 ||
	    rules_open(rules, m->abi, e) < 0 ||
	    (c->spec->net &&
		rules_allow_port(rules, SANDBOX_PROXY_PORT, e) < 0))
		return -1;
	set_by_proc(c);
	close_memory_files(c);
	(void)umask(0);
	if (enter_root(c, rules, e) < 0)
		return -1;
	(void)umask(022);
	if (c->spec->view.workspace != NULL &&
	    chdir(c->spec->view.workspace) < 0)
		return err_set(e, EX_NOINPUT, errno, "workspace '%s'",
		    c->spec->view.workspace);
	if (!m->contained && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_set(e, EX_OSERR, errno, "cannot adopt orphans");
	/* its memory is a copy of the launcher's: not for tools to read */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_set(e, EX_OSERR, errno, "cannot close its memory");
	/* where there is no namespace it must look into /proc and send
	 * signals: only the command is confined then */
	return m->contained ? confine_enter(rules, c->filter, true, e) : 0;
}

/* Default dispositions and an empty mask, as a command expects them: the
 * launcher has reset all but what is watched here. */
static void
reset_signals(void)
{
	struct sigaction act = {.sa_handler = SIG_DFL};
	sigset_t none;
	size_t i;

	for (i = 0; i < COUNT_OF(watched); i++)
		(void)sigaction(watched[i], &act, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Process 2. */
static NORETURN void
run_command(const struct init_call *c, const struct rules *rules)
{
	const struct spec *s = c->spec;
	struct err e = {0};

	(void)setsid();
	if (!c->machine->contained) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (confine_enter(rules, c->filter, false, &e) < 0)
			report_error(&e);
	}
	if (confine_limits(&s->limits, &e) < 0)
		report_error(&e);
	environ = s->env;
	if (s->argv == NULL) {
		(void)close_range(INIT_SOCKET, ~0U, 0);
		reset_signals();
		_exit(s->main(s->argument));
	}
	(void)close_range(INIT_SOCKET, ~0U, CLOSE_RANGE_CLOEXEC);
	reset_signals();
	(void)execvp(s->argv[0], s->argv);
	(void)err_set(&e,
	    errno == ENOENT || errno == ENOTDIR ? EX_NOT_FOUND
						: EX_CANNOT_EXECUTE,
	    errno, "cannot run '%s'", s->argv[0]);
	report_error(&e);
}

static void
signal_all(const struct init_call *c, int sig)
{
	if (c->machine->contained)
		(void)kill(-1, sig);
	else
		descend_signal(sig);
}

/* End and reap all that is left, then tell. */
static NORETURN void
finish(const struct init_call *c, int wait_status)
{
	struct wire_report rep = {0};

	do
		signal_all(c, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno != ECHILD);
	account_read(INIT_IO, &rep.took);
	if (WIFSIGNALED(wait_status))
		rep.signal = WTERMSIG(wait_status);
	rep.status =
	    rep.signal != 0 ? EX_SIGNAL + rep.signal : WEXITSTATUS(wait_status);
	report(&rep);
}

/* Sleep until a signal comes, the runner dies, or `go` (-1: none) can be
 * read; true for the last. */
static bool
sleep_until(int go)
{
	struct pollfd p[] = {{.fd = INIT_RUNNER, .events = POLLIN},
	    {.fd = go, .events = POLLIN}};
	sigset_t none;

	(void)sigemptyset(&none);
	if (ppoll(p, COUNT_OF(p), NULL, &none) <= 0)
		return false;
	if (p[0].revents != 0)
		asked_to_die = 1;
	return p[1].revents != 0;
}

static void
wait_go(const struct init_call *c)
{
	char byte;

	while (!sleep_until(INIT_GO))
		if (asked_to_end || asked_to_die)
			finish(c, asked_to_die ? SIGKILL : SIGTERM);
	if (read(INIT_GO, &byte, 1) != 1)
		finish(c, SIGKILL);
}

/* Pass requests on, reap orphans, until the command itself has ended. */
static NORETURN void
attend(const struct init_call *c, pid_t command)
{
	int status;
	pid_t pid;

	for (;;) {
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == command)
				finish(c, status);
		if (asked_to_die)
			finish(c, SIGKILL);
		if (asked_to_end) {
			asked_to_end = 0;
			signal_all(c, SIGTERM);
		}
		(void)sleep_until(-1);
	}
}

void
init_run(const struct init_call *c)
{
	struct rules rules = {.fd = -1};
	struct err e = {0};
	pid_t command;

	if (prepare(c, &rules, &e) < 0)
		report_error(&e);
	if (c->request.held)
		wait_go(c);
	/* vfork: nothing of the launcher's memory is copied, and what the
	 * command's process changes in it before execve is of no further use */
	command = c->spec->argv != NULL ? vfork() : fork();
	if (command == 0)
		run_command(c, &rules);
	if (command < 0) {
		(void)err_set(&e, EX_OSERR, errno, "cannot fork");
		report_error(&e);
	}
	/* only the command's copies count: a pipe ends when the tools do */
	(void)close_range(0, 2, 0);
	attend(c, command);
}
