#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sandbox/proc.h"
#include "sandbox/sandbox.h"

#define LONG (120 * CLOCK_SECOND)

static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
static struct launcher *launcher;
static struct view view;
static char here[4096];

static int
copy_out(struct slice argument)
{
	size_t done = 0;
	ssize_t n;

	while (done < argument.len) {
		n = write(1, argument.data + done, argument.len - done);
		if (n < 0)
			return 1;
		done += (size_t)n;
	}
	return 7;
}

static int
count_descriptors(struct slice argument)
{
	int fd, n = 0;

	(void)argument;
	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int
sleep_long(struct slice argument)
{
	(void)argument;
	(void)sleep(300);
	return 0;
}

/* Run to the end, its output (when `out`) collected. */
static int
run(struct spawn *s, struct buf *out, struct child_end *end, struct err *e)
{
	struct child c;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	s->view = &view;
	s->env = env;
	s->in = s->errout = -1;
	s->out = fds[1];
	if (launcher_spawn(launcher, s, &c, e) < 0) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return -1;
	}
	(void)close(fds[1]);
	while (buf_read(out, fds[0], 65536) > 0)
		;
	(void)close(fds[0]);
	return child_wait(&c, end, e);
}

static int
shell(const char *text, struct child_end *end, struct err *e)
{
	const char *const argv[] = {"sh", "-c", text, NULL};
	struct spawn s = {.argv = argv};
	struct buf out CLEANUP_BUF = {0};

	return run(&s, &out, end, e);
}

static int
begin(const char *text, bool held, struct child *c, struct err *e)
{
	const char *const argv[] = {"sh", "-c", text, NULL};
	struct spawn s = {.argv = argv,
	    .view = &view,
	    .env = env,
	    .in = -1,
	    .out = -1,
	    .errout = -1,
	    .held = held};

	return launcher_spawn(launcher, &s, c, e);
}

static bool
exists(const char *name)
{
	return access(name, F_OK) == 0;
}

static bool
wait_for(const char *name)
{
	int64_t deadline = clock_deadline(LONG);

	while (!exists(name) && clock_mono() < deadline)
		(void)poll(NULL, 0, 5);
	return exists(name);
}

static void
test_functions(void)
{
	char *text CLEANUP_FREE = mem_new(10, 1 << 20);
	struct buf out CLEANUP_BUF = {0};
	struct child_end end = {0};
	struct err e = {0};
	struct spawn s = {.main = copy_out};

	memset(text, 'x', 10 << 20);
	s.argument = (struct slice){text, 10 << 20};
	ok(run(&s, &out, &end, &e) == 0 && end.status == 7,
	    "a function runs inside and its result is the status");
	ok(out.len == 10 << 20 && memcmp(out.data, text, out.len) == 0,
	    "its argument may be of any size");
	ok(end.took.cpu_ns > 0, "the processor time of a call is known");
	s = (struct spawn){.main = count_descriptors};
	ok(run(&s, &out, &end, &e) == 0 && end.status == 3,
	    "it has three descriptors");
}

static void
test_status(void)
{
	const char *const nothing[] = {"/no/such", NULL};
	const char *const folder[] = {"/usr", NULL};
	struct buf out CLEANUP_BUF = {0};
	struct child_end end = {0};
	struct spawn s = {.argv = nothing};
	struct err e = {0};

	ok(shell("exit 9", &end, &e) == 0 && end.status == 9 && end.signal == 0,
	    "a status is passed on");
	ok(shell("kill -TERM $$", &end, &e) == 0 && end.status == 143 &&
		end.signal == SIGTERM,
	    "a signal is told");
	ok(run(&s, &out, &end, &e) < 0 && e.status == EX_NOT_FOUND,
	    "what is not there cannot be run: %s", e.msg);
	s.argv = folder;
	ok(run(&s, &out, &end, &e) < 0 && e.status == EX_CANNOT_EXECUTE,
	    "what is no program cannot be run: %s", e.msg);
}

static void
test_hold(void)
{
	struct child_end end = {0};
	struct child c;
	struct err e = {0};

	ok(begin("touch held", true, &c, &e) == 0, "a call can be held");
	(void)poll(NULL, 0, 100);
	ok(!exists("held"), "its command does not start by itself");
	ok(spawn_go(&c, &e) == 0 && child_wait(&c, &end, &e) == 0 &&
		end.status == 0 && exists("held"),
	    "but when it is told to");
	ok(begin("touch never", true, &c, &e) == 0, "a held call");
	fd_cleanup(&c.go_fd);
	ok(child_wait(&c, &end, &e) == 0 && end.signal == SIGKILL &&
		!exists("never"),
	    "never starts when its caller goes away");
	ok(begin("touch never", true, &c, &e) == 0, "a held call");
	spawn_terminate(&c);
	ok(child_wait(&c, &end, &e) == 0 && end.signal == SIGTERM &&
		!exists("never"),
	    "can be ended before it starts");
	view.workspace[0] = 'x';
	ok(begin("true", true, &c, &e) == 0 &&
		poll(&(struct pollfd){.fd = c.pidfd, .events = POLLIN}, 1,
		    60000) == 1,
	    "a held call whose preparation fails ends");
	view.workspace[0] = '/';
	ok(spawn_go(&c, &e) == 0 && child_wait(&c, &end, &e) < 0 &&
		e.status == EX_NOINPUT,
	    "and to tell it to go kills nobody and hides no reason: %s", e.msg);
}

static void
test_ending(void)
{
	struct child_end end = {0};
	struct child c, d;
	struct err e = {0};

	ok(begin("trap 'touch ended; exit 4' TERM; touch ready; "
		 "while :; do sleep 0.05; done",
	       false, &c, &e) == 0 &&
		wait_for("ready"),
	    "a command runs");
	spawn_terminate(&c);
	ok(child_wait(&c, &end, &e) == 0 && end.status == 4 && exists("ended"),
	    "spawn_terminate lets it end well");
	ok(begin("trap '' TERM; touch deaf; while :; do sleep 0.05; done",
	       false, &c, &e) == 0 &&
		wait_for("deaf"),
	    "one ignores SIGTERM");
	spawn_terminate(&c);
	spawn_kill(&c);
	ok(child_wait(&c, &end, &e) == 0 && end.signal == SIGKILL,
	    "spawn_kill ends it");
	ok(begin("sleep 300", false, &c, &e) == 0 &&
		begin("true", false, &d, &e) == 0 &&
		child_wait(&d, &end, &e) == 0 && end.status == 0,
	    "a second call runs and ends beside a first");
	child_free(&c);
	ok(waitpid(-1, NULL, WNOHANG) == 0,
	    "freeing a call leaves no zombie of it");
}

static void
test_stale(void)
{
	struct spawn s = {.main = sleep_long,
	    .view = &view,
	    .env = env,
	    .in = -1,
	    .out = -1,
	    .errout = -1};
	struct child_end end = {0};
	struct child c;
	struct pollfd p;
	struct err e = {0};

	ok(launcher_spawn(launcher, &s, &c, &e) == 0, "a call runs");
	p = (struct pollfd){.fd = c.pidfd, .events = POLLIN};
	ok(sandbox_reap_stale(c.pid, c.start + 1, &e) == 0 &&
		poll(&p, 1, 50) == 0,
	    "a process of another start is left alone");
	ok(sandbox_reap_stale(c.pid, c.start, &e) == 0 && poll(&p, 1, 0) == 1,
	    "the same process is gone when sandbox_reap_stale returns");
	ok(child_wait(&c, &end, &e) == 0 && end.signal == SIGKILL,
	    "and was killed");
	ok(sandbox_reap_stale(c.pid, c.start, &e) == 0,
	    "one that is gone is no error");
	ok(sandbox_reap_stale(0, 0, &e) == 0, "nor is none");
}

static void
test_limits(void)
{
	const char *const argv[] = {"sh", "-c",
	    "head -c 4096 /dev/zero >big; ulimit -n; ulimit -c", NULL};
	struct spawn s = {
	    .argv = argv, .limits = {.file_bytes = 1000, .open_files = 33}};
	const char *const tmp[] = {
	    "sh", "-c", "head -c 3000000 /dev/zero >/tmp/a", NULL};
	struct buf out CLEANUP_BUF = {0};
	struct child_end end = {0};
	struct stat st = {0};
	struct err e = {0};

	ok(run(&s, &out, &end, &e) == 0 && stat("big", &st) == 0 &&
		st.st_size == 1000,
	    "the size of files is limited");
	ok(strcmp(buf_str(&out), "33\n0\n") == 0,
	    "so are open files and core files: %s", buf_str(&out));
	s = (struct spawn){.argv = tmp};
	ok(run(&s, &out, &end, &e) == 0 && end.status == 0,
	    "the private /tmp holds something");
	s.limits.tmp_bytes = 1 << 20;
	ok(run(&s, &out, &end, &e) == 0 && end.status != 0, "up to its limit");
}

static void
add(const char *name, unsigned rights)
{
	char *path CLEANUP_FREE = path_join(here, name);

	view_add(&view, path, rights);
}

static void
test_views(void)
{
	struct child_end end = {0};
	struct err e = {0};

	ok(mkdir("deep", 0755) == 0 && mkdir("deep/er", 0755) == 0 &&
		symlink("er", "deep/link") == 0,
	    "a tree");
	add("deep", 0);
	add("deep/er", VIEW_READ | VIEW_WRITE);
	ok(shell("[ -d deep/er ] && ! [ -e deep/link ] && : >deep/er/new", &end,
	       &e) == 0 &&
		end.status == 0 && exists("deep/er/new"),
	    "what is granted inside a masked folder is there, alone");
	ok(shell("mv deep gone || mv deep/er gone || : >deep/x", &end, &e) ==
		    0 &&
		end.status != 0,
	    "and stays where it is");
	add("absent", 0);
	ok(shell("true", &end, &e) == 0 && end.status == 0,
	    "a mask of what does not exist is passed over");
	add("deep/link/new", VIEW_READ);
	ok(shell("true", &end, &e) == 0 && end.status == 0,
	    "a grant through a link of the workspace gives nothing");
	view.workspace[0] = 'x';
	ok(shell("true", &end, &e) < 0 && e.status == EX_NOINPUT,
	    "a workspace that is not there is told: %s", e.msg);
	view.workspace[0] = '/';
}

int
main(void)
{
	struct policy policy;
	struct err e = {0};

	if (launcher_start(SANDBOX_STRICT, &launcher, &e) < 0) {
		printf("1..0 # SKIP %s\n", e.msg);
		return 0;
	}
	policy_init(&policy);
	policy_add_base(&policy);
	policy_add_workspace(&policy);
	if (getcwd(here, sizeof(here)) == NULL ||
	    view_compile(&policy, here, NULL, NULL, 0, 0, &view, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		return 1;
	}
	ok(launcher_missing(launcher) != NULL, "the launcher runs");
	test_functions();
	test_status();
	test_hold();
	test_ending();
	test_stale();
	test_limits();
	test_views();
	launcher_stop(launcher);
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
	    "nothing is left when the launcher was stopped");
	policy_free(&policy);
	view_free(&view);
	return done();
}
