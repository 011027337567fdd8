#include "sandbox/proxyserver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/confine.h"
#include "sandbox/detach.h"
#include "sandbox/filter.h"
#include "sandbox/wire.h"

enum { FD_SOCKET = 3, FD_FIRST = 4, SPEC_MOST = 64 << 20 };

struct server {
	struct buf filter;
	struct issuer *issuer; /* made for the first job with secrets */
};

/* The environment may hold keys; all that is kept is where certificates are,
 * and how names are looked up. */
static void
forget_environment(void)
{
	static const char *const kept[] = {
	    "SSL_CERT_FILE=", "SSL_CERT_DIR=", "RES_OPTIONS=", "LOCALDOMAIN="};
	static char *own[COUNT_OF(kept) + 1];
	size_t n = 0, i;
	char **p;

	for (p = environ; p != NULL && *p != NULL; p++) {
		for (i = 0; i < COUNT_OF(kept); i++)
			if (strncmp(*p, kept[i], strlen(kept[i])) == 0 &&
			    n < COUNT_OF(kept))
				own[n++] = mem_strdup(*p);
		mem_wipe(*p, strlen(*p));
	}
	environ = own;
}

static int
place_descriptors(int sock)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	sock = fcntl(sock, F_DUPFD_CLOEXEC, 16);
	null = fcntl(null, F_DUPFD_CLOEXEC, 16);
	if (sock < 0 || null < 0)
		return -1;
	for (fd = 0; fd < FD_SOCKET; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	if (dup3(sock, FD_SOCKET, O_CLOEXEC) < 0)
		return -1;
	return close_range(FD_FIRST, ~0U, 0);
}

static void
become_server(void)
{
	detach("agent-proxy");
	/* no core, no look into its memory */
	(void)prctl(PR_SET_DUMPABLE, 0);
	forget_environment();
}

static int
need_issuer(struct server *s, struct err *e)
{
	return s->issuer != NULL ? 0 : issuer_new(&s->issuer, e);
}

/* A file in memory with the bundle. */
static int
make_bundle(struct server *s, int *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	int fd CLEANUP_FD = memfd_create("bundle", MFD_CLOEXEC);

	if (fd < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a memory file");
	if (need_issuer(s, e) < 0 || issuer_system_text(&text, e) < 0)
		return -1;
	if (text.len > 0 && text.data[text.len - 1] != '\n')
		buf_putc(&text, '\n');
	issuer_text(s->issuer, &text);
	if (file_write_all(fd, text.data, text.len, "bundle", e) < 0)
		return -1;
	*out = fd;
	fd = -1;
	return 0;
}

static int
read_spec(int fd, struct proxyspec *out, struct err *e)
{
	struct buf data CLEANUP_BUF = {0};
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, EX_OSERR, errno, "cannot read a request");
	if (file_read_fd(fd, "a request", SPEC_MOST, &data, e) < 0)
		return -1;
	r = proxyspec_read(out, buf_str(&data), data.len, e);
	if (data.data != NULL)
		mem_wipe(data.data, data.len);
	return r;
}

/* A call's proxy: without powers, whoever it speaks with. */
static NORETURN void
serve_call(struct server *s, const struct proxyspec *spec, const int *fds)
{
	struct sigaction act = {.sa_handler = SIG_DFL};
	struct rules none = {.fd = -1};
	struct err e;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)sigaction(SIGCHLD, &act, NULL);
	(void)close(FD_SOCKET);
	if (confine_enter(&none, &s->filter, true, &e) == 0)
		proxyloop_run(spec, s->issuer, fds[1], fds[2]);
	_exit(0);
}

/* fds: the spec, the listener, the control. */
static int
start_call(struct server *s, const int *fds, size_t count, struct err *e)
{
	struct proxyspec spec;
	pid_t pid;

	if (count != 3)
		return err_set(e, EX_SOFTWARE, 0, "bad request to the proxy");
	if (s->filter.len == 0 && filter_build(true, &s->filter, e) < 0)
		return -1;
	if (read_spec(fds[0], &spec, e) < 0)
		return -1;
	if (spec.secrets.count > 0 && need_issuer(s, e) < 0) {
		proxyspec_free(&spec);
		return -1;
	}
	pid = fork();
	if (pid == 0)
		serve_call(s, &spec, fds);
	proxyspec_free(&spec);
	return pid < 0 ? err_set(e, EX_OSERR, errno, "cannot fork") : 0;
}

static void
serve_next(struct server *s)
{
	enum proxy_request what;
	struct wire_reply reply = {0};
	int fds[WIRE_FDS] = {0}, made CLEANUP_FD = -1;
	size_t i, count = 0;
	ssize_t n = wire_recv(FD_SOCKET, &what, sizeof(what), fds, &count);

	if (n != sizeof(what))
		_exit(0); /* the runner is gone */
	if (what == PROXY_BUNDLE)
		(void)make_bundle(s, &made, &reply.err);
	else
		(void)start_call(s, fds, count, &reply.err);
	if (wire_send(
		FD_SOCKET, &reply, sizeof(reply), &made, made < 0 ? 0 : 1) < 0)
		_exit(0);
	for (i = 0; i < count; i++)
		(void)close(fds[i]);
}

/* Children that ended are nobody's to wait for, but a call's proxy waits for
 * its own look-ups. */
static void
forget_children(void)
{
	struct sigaction act = {
	    .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};

	(void)sigaction(SIGCHLD, &act, NULL);
}

void
proxyserver_run(int sock, pid_t runner)
{
	struct server s = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != runner)
		_exit(0);
	become_server();
	forget_children();
	if (place_descriptors(sock) < 0)
		_exit(0);
	for (;;)
		serve_next(&s);
}
