#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/proc.h"
#include "sandbox/proxy.h"
#include "sandbox/server.h"
#include "sandbox/spec.h"
#include "sandbox/wire.h"

struct launcher {
	pid_t pid;
	int sock;
	char *missing;
	bool networks, gone;
	struct proxy *proxy;
	const struct secrets *secrets;
};

static void
stop_process(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int
hear(int sock, struct wire_hello *hello, struct err *e)
{
	int fds[WIRE_FDS];
	size_t count;

	if (wire_recv(sock, hello, sizeof(*hello), fds, &count) !=
	    sizeof(*hello))
		return err_set(e, EX_OSERR, 0, "the launcher did not start");
	if (hello->err.status != 0) {
		*e = hello->err;
		return -1;
	}
	return 0;
}

int
launcher_start(enum sandbox_mode mode, struct launcher **out, struct err *e)
{
	struct wire_hello hello;
	struct launcher *l;
	pid_t runner = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make sockets");
	pid = fork();
	if (pid == 0)
		server_run(pair[1], runner, mode);
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return err_set(e, EX_OSERR, errno, "cannot fork");
	}
	if (hear(pair[0], &hello, e) < 0) {
		(void)close(pair[0]);
		stop_process(pid);
		return -1;
	}
	l = mem_new(1, sizeof(*l));
	l->pid = pid;
	l->sock = pair[0];
	l->missing = mem_strdup(hello.missing);
	l->networks = hello.networks;
	*out = l;
	return 0;
}

void
launcher_stop(struct launcher *l)
{
	if (l == NULL)
		return;
	proxy_stop(l->proxy);
	(void)close(l->sock);
	stop_process(l->pid);
	free(l->missing);
	free(l);
}

const char *
launcher_missing(const struct launcher *l)
{
	return l->missing;
}

int
launcher_add_proxy(struct launcher *l, struct err *e)
{
	return l->proxy != NULL || !l->networks ? 0 : proxy_start(&l->proxy, e);
}

struct proxy *
launcher_proxy(const struct launcher *l)
{
	return l->proxy;
}

void
launcher_set_secrets(struct launcher *l, const struct secrets *s)
{
	l->secrets = s;
}

const struct secrets *
launcher_secrets(const struct launcher *l)
{
	return l->secrets;
}

bool
launcher_gone(const struct launcher *l)
{
	return l->gone;
}

bool
launcher_has_networks(const struct launcher *l)
{
	return l->networks;
}

/* The spec in a memory file: of any size, and read where it is needed. */
static int
write_spec(const struct spawn *s, int *out, struct err *e)
{
	struct buf b CLEANUP_BUF = {0};
	int fd CLEANUP_FD = memfd_create("spawn", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a memory file");
	spec_write(s, &b);
	if (file_write_all(fd, b.data, b.len, "spawn", e) < 0)
		return -1;
	*out = fd;
	fd = -1;
	return 0;
}

/* Send the request and take the answer. */
static int
request(struct launcher *l, const struct spawn *s, const int *own,
    struct wire_reply *reply, struct child *c, struct err *e)
{
	const int borrowed[] = {s->in, s->out, s->errout};
	struct wire_request req = {.in = s->in >= 0,
	    .out = s->out >= 0,
	    .errout = s->errout >= 0,
	    .held = s->held,
	    .net = s->net};
	int fds[WIRE_FDS] = {own[0], own[1]};
	size_t i, n = 2;

	for (i = 0; i < COUNT_OF(borrowed); i++)
		if (borrowed[i] >= 0)
			fds[n++] = borrowed[i];
	if (s->held)
		fds[n++] = own[2];
	if (wire_send(l->sock, &req, sizeof(req), fds, n) < 0 ||
	    wire_recv(l->sock, reply, sizeof(*reply), fds, &n) !=
		sizeof(*reply)) {
		l->gone = true;
		return err_set(e, EX_OSERR, 0, "the launcher is gone");
	}
	if (reply->err.status != 0) {
		*e = reply->err;
		return -1;
	}
	if (n > 0)
		c->pidfd = fds[0];
	if (n > 1)
		c->listener = fds[1];
	if (n != 1U + s->net)
		return err_set(e, EX_OSERR, 0, "out of descriptors");
	return 0;
}

/* Through a folder that it inherits, a command would leave its root. */
static int
refuse_folders(const struct spawn *s, struct err *e)
{
	const int fds[] = {s->in, s->out, s->errout};
	struct stat st;
	size_t i;

	for (i = 0; i < COUNT_OF(fds); i++)
		if (fds[i] >= 0 && fstat(fds[i], &st) == 0 &&
		    S_ISDIR(st.st_mode))
			return err_set(
			    e, EX_USAGE, 0, "descriptor %zu is a folder", i);
	return 0;
}

int
launcher_spawn(
    struct launcher *l, const struct spawn *s, struct child *out, struct err *e)
{
	struct child c = {
	    .pidfd = -1, .status_fd = -1, .go_fd = -1, .listener = -1};
	struct wire_reply reply;
	int own[3] = {-1, -1, -1}; /* spec, status, go: their ends */
	int status[2], go[2], r = -1;

	if (refuse_folders(s, e) < 0)
		return -1;
	if (pipe2(status, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a pipe");
	c.status_fd = status[0];
	own[1] = status[1];
	if (s->held) {
		/* no pipe: one may write to it when nobody reads any more */
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) <
		    0) {
			err_set(e, EX_OSERR, errno, "cannot make sockets");
			goto out;
		}
		c.go_fd = go[1];
		own[2] = go[0];
	}
	if (write_spec(s, &own[0], e) < 0 ||
	    request(l, s, own, &reply, &c, e) < 0)
		goto out;
	c.pid = reply.pid;
	c.kill_signal = reply.kill_signal;
	if (proc_start_time(c.pid, &c.start) < 0) {
		err_set(e, EX_OSERR, errno, "cannot read /proc/%d/stat", c.pid);
		spawn_kill(&c);
		goto out;
	}
	*out = c;
	r = 0;
out:
	fd_cleanup(&own[0]);
	fd_cleanup(&own[1]);
	fd_cleanup(&own[2]);
	if (r < 0)
		child_free(&c);
	return r;
}
