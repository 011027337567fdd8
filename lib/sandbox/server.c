#include "sandbox/server.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/detach.h"
#include "sandbox/filter.h"
#include "sandbox/init.h"
#include "sandbox/kernel.h"
#include "sandbox/machine.h"
#include "sandbox/network.h"
#include "sandbox/skeleton.h"

struct server {
	struct machine machine;
	struct buf filter;
	struct network_pool networks;
	struct skeleton skeleton;
};

/* stdin, stdout and stderr are /dev/null, the rest as init.h has it. */
static int
place_descriptors(int sock, int runner)
{
	const int low = 16; /* above all that is placed */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd;

	sock = fcntl(sock, F_DUPFD_CLOEXEC, low);
	runner = fcntl(runner, F_DUPFD_CLOEXEC, low);
	null = fcntl(null, F_DUPFD_CLOEXEC, low);
	if (sock < 0 || runner < 0 || null < 0)
		return -1;
	for (fd = 0; fd <= INIT_GO; fd++)
		if (dup3(null, fd, fd > 2 ? O_CLOEXEC : 0) < 0)
			return -1;
	if (dup3(sock, INIT_SOCKET, O_CLOEXEC) < 0 ||
	    dup3(runner, INIT_RUNNER, O_CLOEXEC) < 0)
		return -1;
	return close_range(INIT_FIRST, ~0U, 0);
}

/* The environment may hold keys; every call's init is a copy of this memory. */
static void
forget_environment(void)
{
	char **p;

	for (p = environ; p != NULL && *p != NULL; p++)
		mem_wipe(*p, strlen(*p));
}

/* End with the runner.  After all changes of credentials: they reset it. */
static int
follow(pid_t runner, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_set(e, EX_OSERR, errno, "cannot follow the runner");
	if (getppid() != runner)
		_exit(0); /* it died before */
	return 0;
}

/* What can be done before a request comes is not waited for then. */
static int
get_ready(struct server *s, struct err *e)
{
	if (s->filter.len == 0 &&
	    filter_build(s->machine.contained, &s->filter, e) < 0)
		return -1;
	return s->machine.contained ? network_enter(&s->networks, e) : 0;
}

static int
enter_network(
    struct server *s, bool net, int *listener, struct wire_reply *reply)
{
	if (!net)
		return get_ready(s, &reply->err);
	if (!s->machine.contained)
		return err_set(&reply->err, EX_CONFIG, 0,
		    "a network needs namespaces, which are not to be had");
	return network_enter_own(
	    &s->networks, SANDBOX_PROXY_PORT, listener, &reply->err);
}

/* Fork the init for a request that was read; `made` gets its pidfd, and the
 * listener when there is one. */
static int
start(struct server *s, struct spec *spec, const struct wire_request *req,
    const int *fds, int *made, struct wire_reply *reply)
{
	struct init_call call = {.machine = &s->machine,
	    .filter = &s->filter,
	    .spec = spec,
	    .request = *req};
	pid_t pid;

	if (enter_network(s, req->net, &made[1], reply) < 0 ||
	    (s->machine.contained &&
		skeleton_fit(&s->skeleton, &spec->view, &reply->err) < 0))
		return -1;
	memcpy(call.fds, fds, sizeof(call.fds));
	pid = kernel_clone(KERNEL_CLONE_PIDFD | KERNEL_CLONE_PARENT |
			       machine_namespaces(&s->machine),
	    &made[0]);
	if (pid == 0)
		init_run(&call);
	if (pid < 0)
		return err_set(&reply->err, EX_OSERR, errno,
		    "cannot make a sandboxed process");
	reply->pid = pid;
	reply->kill_signal = s->machine.contained ? SIGKILL : SIGQUIT;
	return 0;
}

/* fds: the spec, where to report, and what the request's flags name. */
static int
serve(struct server *s, const struct wire_request *req, int *fds, size_t count,
    int *made, struct wire_reply *reply)
{
	size_t want = 2U + req->in + req->out + req->errout + req->held;
	int rest[WIRE_FDS] = {0};
	struct spec spec;
	struct stat st;
	void *data;
	int r;

	if (count != want || fstat(fds[0], &st) < 0)
		return err_set(
		    &reply->err, EX_SOFTWARE, 0, "bad request to the launcher");
	data = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE, fds[0], 0);
	if (data == MAP_FAILED)
		return err_set(
		    &reply->err, EX_OSERR, errno, "cannot read a request");
	memcpy(rest, fds + 1, (count - 1) * sizeof(*rest));
	r = spec_read(&spec, data, (size_t)st.st_size, &reply->err);
	if (r == 0) {
		r = start(s, &spec, req, rest, made, reply);
		spec_free(&spec);
	}
	(void)munmap(data, (size_t)st.st_size);
	return r;
}

static void
serve_next(struct server *s)
{
	struct wire_request req;
	struct wire_reply reply = {0};
	int fds[WIRE_FDS] = {0}, made[2] = {-1, -1};
	size_t i, count = 0;
	ssize_t n;

	n = wire_recv(INIT_SOCKET, &req, sizeof(req), fds, &count);
	if (n != sizeof(req))
		_exit(0); /* the runner is gone */
	(void)serve(s, &req, fds, count, made, &reply);
	if (wire_send(INIT_SOCKET, &reply, sizeof(reply), made,
		made[0] < 0 ? 0 : 1U + (made[1] >= 0)) < 0)
		_exit(0);
	if (made[0] >= 0)
		network_take_call(&s->networks, made[0]);
	fd_cleanup(&made[1]);
	for (i = 0; i < count; i++)
		(void)close(fds[i]);
}

void
server_run(int sock, pid_t runner, enum sandbox_mode mode)
{
	struct server s = {.networks.current = NETWORK_NONE};
	struct wire_hello hello = {0};
	int pidfd = pidfd_open(runner, 0);

	detach("agent-launcher");
	forget_environment();
	if (pidfd < 0 || place_descriptors(sock, pidfd) < 0)
		_exit(0);
	if (machine_enter(&s.machine, mode, hello.missing,
		sizeof(hello.missing), &hello.err) == 0)
		(void)follow(runner, &hello.err);
	hello.networks = s.machine.contained;
	if (wire_send(INIT_SOCKET, &hello, sizeof(hello), NULL, 0) < 0 ||
	    hello.err.status != 0)
		_exit(0);
	(void)get_ready(&s, &hello.err); /* else the first request tells */
	for (;;)
		serve_next(&s);
}
