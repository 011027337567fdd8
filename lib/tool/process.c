#include "tool/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "tool/inside.h"
#include "tool/stream.h"

#define COMPLAINT_KEPT 8192 /* bytes of stderr */

#if defined(__SANITIZE_ADDRESS__)
#define INSIDE_MEMORY 0 /* its shadow takes terabytes of addresses */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define INSIDE_MEMORY 0
#endif
#endif
#ifndef INSIDE_MEMORY
#define INSIDE_MEMORY ((int64_t)2 << 30)
#endif

static int
make_pipe(int fds[2], struct err *e)
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a pipe");
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		return err_set(e, EX_OSERR, errno, "cannot set up a pipe");
	return 0;
}

/* An executable tool's input: a file in memory never blocks a writer. */
static int
make_input(struct slice text, int *fd, struct err *e)
{
	int f CLEANUP_FD = memfd_create("arguments", MFD_CLOEXEC);

	if (f < 0)
		return err_set(e, EX_OSERR, errno,
		    "cannot make a file in "
		    "memory");
	if (file_write_all(f, text.data, text.len, "arguments", e) < 0)
		return -1;
	if (lseek(f, 0, SEEK_SET) < 0)
		return err_set(e, EX_OSERR, errno, "cannot rewind arguments");
	*fd = f;
	f = -1;
	return 0;
}

/* What one process may take, so that the runner and the rest of the machine
 * live on: for what builds and tests, generous. */
static void
set_limits(enum tool_kind kind, struct spawn_limits *l)
{
	l->open_files = 1024;
	l->processes = 4096;
	l->tmp_bytes = (int64_t)1 << 30;
	l->file_bytes = (int64_t)32 << 30;
	if (kind == TOOL_INSIDE) {
		l->cpu_seconds = 60;
		l->memory_bytes = INSIDE_MEMORY;
	} else {
		l->memory_bytes = (int64_t)sysconf(_SC_PHYS_PAGES) / 4 * 3 *
				  sysconf(_SC_PAGESIZE);
	}
}

/* The far ends of a call's descriptors: closed once it has them. */
struct far {
	int in, out, err;
};

static void
far_close(struct far *f)
{
	fd_cleanup(&f->in);
	fd_cleanup(&f->out);
	fd_cleanup(&f->err);
}

/* A socket, not a pipe: writing to one whose reader has died is an error
 * here and not a signal. */
static int
make_go(struct tool_run *run, struct far *far, struct err *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a socket");
	run->go = pair[0];
	far->in = pair[1];
	return 0;
}

static int
connect_run(struct tool_run *run, struct far *far, const struct call *call,
    struct err *e)
{
	int fds[2];

	if (make_pipe(fds, e) < 0)
		return -1;
	stream_init(&run->out, fds[0], call->tool->max_output);
	far->out = fds[1];
	if (call->tool->kind != TOOL_COMMAND) {
		if (make_pipe(fds, e) < 0)
			return -1;
		stream_init(&run->complaint, fds[0], COMPLAINT_KEPT);
		far->err = fds[1];
	}
	if (call->prepares)
		return make_go(run, far, e);
	if (call->tool->kind == TOOL_PROGRAM)
		return make_input(call->argument, &far->in, e);
	return 0;
}

/* Two lists that NULL ends as one; the caller frees it. */
static const char *const *
join_lists(const char *const *a, const char *const *b)
{
	size_t n = 0, i;
	const char **all;

	for (i = 0; a[i] != NULL; i++)
		n++;
	for (i = 0; b != NULL && b[i] != NULL; i++)
		n++;
	all = mem_new(n + 1, sizeof(*all));
	for (n = 0; a[n] != NULL; n++)
		all[n] = a[n];
	for (i = 0; b != NULL && b[i] != NULL; i++)
		all[n++] = b[i];
	return all;
}

static int
spawn_run(struct tool_run *run, const struct far *far, const struct call *call,
    struct err *e)
{
	char *pwd CLEANUP_FREE = mem_printf(
	    "PWD=%s", call->workspace == NULL ? "/" : call->workspace);
	const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin:"
				   "/usr/local/sbin:/usr/sbin:/sbin",
	    "HOME=/tmp", "TMPDIR=/tmp", "LANG=C.UTF-8", "TERM=dumb",
	    "USER=agent", "SHELL=/bin/sh", pwd, NULL};
	const char *const *more = NULL;
	const char *const *all CLEANUP_FREE = NULL;
	struct spawn s = {.view = call->view,
	    .argv = call->argv,
	    .main = call->argv == NULL ? call->main : NULL,
	    .argument = call->argument,
	    .in = far->in,
	    .out = far->out,
	    .errout = far->err >= 0 ? far->err : far->out,
	    .held = call->held && !call->prepares};

	set_limits(call->tool->kind, &s.limits);
	if (call->net != NULL &&
	    proxy_prepare(call->launcher, call->net, &s, &more, e) < 0)
		return -1;
	s.env = all = join_lists(env, more);
	if (launcher_spawn(call->launcher, &s, &run->child, e) < 0)
		return -1;
	if (call->net == NULL || proxy_serve(call->launcher, call->net,
				     &run->child, &run->net, e) == 0)
		return 0;
	child_free(&run->child);
	return -1;
}

int
call_start(const struct call *call, struct tool_run *out, struct err *e)
{
	struct far far CLEANUP(far_close) = {-1, -1, -1};
	struct tool_run run = {.tool = call->tool,
	    .net = -1,
	    .meter = call->meter,
	    .go = -1,
	    .timeout = call->timeout,
	    .grace = CLOCK_NEVER,
	    .held = call->held || call->prepares,
	    .out.fd = -1,
	    .complaint.fd = -1};

	run.started = clock_mono();
	run.deadline = run.held ? CLOCK_NEVER : clock_deadline(call->timeout);
	guard_take(&run.guard, call->view);
	if (call->quarantine != NULL)
		run.quarantine = mem_strdup(call->quarantine);
	if (connect_run(&run, &far, call, e) < 0 ||
	    spawn_run(&run, &far, call, e) < 0) {
		run_release(&run);
		return -1;
	}
	*out = run;
	return 0;
}

void
run_release(struct tool_run *run)
{
	stream_free(&run->out);
	stream_free(&run->complaint);
	fd_cleanup(&run->go);
	fd_cleanup(&run->net);
	guard_free(&run->guard);
	wrote_free(&run->wrote);
	free(run->quarantine);
	run->quarantine = NULL;
}

/* One read of at most `n` bytes until `deadline`: a count, 0 at the end or
 * when it is too late (`*late`). */
static size_t
read_within(int fd, char *data, size_t n, int64_t deadline, bool *late)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t r;

	for (;;) {
		r = read(fd, data, n);
		if (r >= 0)
			return (size_t)r;
		if (errno != EAGAIN && errno != EINTR)
			return 0;
		if (clock_mono() >= deadline) {
			*late = true;
			return 0;
		}
		(void)poll(&p, 1, clock_poll_ms(deadline));
	}
}

/* The header, or the beginning of a failure's words. */
void
run_read_header(struct tool_run *run, int64_t deadline)
{
	char h[INSIDE_HEADER];
	size_t len = 0, n = 1;

	while (n > 0 && len < sizeof(h)) {
		n = read_within(run->out.fd, h + len,
		    len == 0 ? 1 : sizeof(h) - len, deadline, &run->timed_out);
		len += n;
		if (len > 0 && h[0] == 'F')
			return;
	}
	if (run->timed_out) {
		spawn_kill(&run->child);
		return;
	}
	if (len == sizeof(h) && (h[0] == 'E' || h[0] == 'N') &&
	    digest_parse(h + 1, DIGEST_HEX, &run->before) == 0 &&
	    digest_parse(h + 1 + DIGEST_HEX, DIGEST_HEX, &run->after) == 0) {
		run->prepared = true;
		run->existed = h[0] == 'E';
		return;
	}
	stream_add(&run->out, h, len);
}
