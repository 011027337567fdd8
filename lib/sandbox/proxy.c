#include "sandbox/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "sandbox/proxyserver.h"
#include "sandbox/wire.h"

#define BUNDLE_MOST ((size_t)16 << 20)
#define REPORT_MOST ((size_t)256 << 10)
#define REPORT_TIME (5 * CLOCK_SECOND)

struct proxy {
	pid_t pid;
	int sock;
	struct buf bundle; /* once it was asked for */
};

bool
proxy_wanted(const struct proxy_job *job)
{
	size_t i;

	for (i = 0; i < job->policy->count; i++)
		if (proxyspec_opens(job, &job->policy->grants[i]))
			return true;
	return false;
}

/* The name of the first secret that a grant opens with, or NULL. */
static bool
wants_secret(const struct proxy_job *job)
{
	size_t i;

	for (i = 0; i < job->policy->count; i++)
		if (job->policy->grants[i].limits.with != NULL &&
		    proxyspec_opens(job, &job->policy->grants[i]))
			return true;
	return false;
}

int
proxy_check(const struct proxy_job *job, struct err *e)
{
	const struct grant *g;
	const struct secret *s;
	size_t i;

	for (i = 0; i < job->policy->count; i++) {
		g = &job->policy->grants[i];
		if (g->kind != GRANT_NET || g->limits.with == NULL)
			continue;
		s = job->secrets == NULL
			? NULL
			: secrets_find(job->secrets, g->limits.with);
		if (s == NULL)
			return err_set(e, EX_CONFIG, 0,
			    "'%s': there is no secret '%s' (--secret)", g->line,
			    g->limits.with);
		if (s->header == NULL)
			return err_set(e, EX_CONFIG, 0,
			    "'%s': the secret cannot stand in a header",
			    g->line);
	}
	return 0;
}

int
proxy_start(struct proxy **out, struct err *e)
{
	pid_t runner = getpid(), pid;
	struct proxy *p;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make sockets");
	pid = fork();
	if (pid == 0)
		proxyserver_run(pair[1], runner);
	(void)close(pair[1]);
	if (pid < 0) {
		(void)close(pair[0]);
		return err_set(e, EX_OSERR, errno, "cannot fork");
	}
	p = mem_new(1, sizeof(*p));
	p->pid = pid;
	p->sock = pair[0];
	*out = p;
	return 0;
}

void
proxy_stop(struct proxy *p)
{
	if (p == NULL)
		return;
	(void)close(p->sock);
	(void)kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	buf_free(&p->bundle);
	free(p);
}

/* One request and its answer; `*got` is -1 when no descriptor came. */
static int
request(struct proxy *p, enum proxy_request what, const int *fds, size_t n,
    int *got, struct err *e)
{
	struct wire_reply reply;
	int back[WIRE_FDS];
	size_t count;

	if (wire_send(p->sock, &what, sizeof(what), fds, n) < 0 ||
	    wire_recv(p->sock, &reply, sizeof(reply), back, &count) !=
		sizeof(reply))
		return err_set(e, EX_OSERR, 0, "the proxy is gone");
	if (reply.err.status != 0) {
		*e = reply.err;
		return -1;
	}
	*got = count == 1 ? back[0] : -1;
	return 0;
}

/* The certificates that a call needs whose job has secrets: the system's and
 * those of this run's issuer. */
static int
need_bundle(struct proxy *p, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (p->bundle.len > 0)
		return 0;
	if (request(p, PROXY_BUNDLE, NULL, 0, &fd, e) < 0)
		return -1;
	if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, EX_OSERR, 0, "out of descriptors");
	return file_read_fd(fd, "certificates", BUNDLE_MOST, &p->bundle, e);
}

#define PROXY_HTTP  "http://127.0.0.1:3128"
#define PROXY_SOCKS "socks5h://127.0.0.1:3128"

static const char *const *
environment(bool bundle)
{
	/* those of a bundle first: without one the list begins after them */
	static const char *const all[] = {"SSL_CERT_FILE=" SANDBOX_BUNDLE,
	    "CURL_CA_BUNDLE=" SANDBOX_BUNDLE,
	    "REQUESTS_CA_BUNDLE=" SANDBOX_BUNDLE,
	    "NODE_EXTRA_CA_CERTS=" SANDBOX_BUNDLE,
	    "GIT_SSL_CAINFO=" SANDBOX_BUNDLE, "PIP_CERT=" SANDBOX_BUNDLE,
	    "npm_config_cafile=" SANDBOX_BUNDLE,
	    "CARGO_HTTP_CAINFO=" SANDBOX_BUNDLE, "http_proxy=" PROXY_HTTP,
	    "https_proxy=" PROXY_HTTP, "HTTP_PROXY=" PROXY_HTTP,
	    "HTTPS_PROXY=" PROXY_HTTP, "all_proxy=" PROXY_SOCKS,
	    "ALL_PROXY=" PROXY_SOCKS,
	    "no_proxy=", "NO_PROXY=", "npm_config_proxy=" PROXY_HTTP,
	    "npm_config_https_proxy=" PROXY_HTTP,
	    "npm_config_noproxy=", "NODE_USE_ENV_PROXY=1", NULL};
	enum { OF_BUNDLE = 8 };

	return bundle ? all : all + OF_BUNDLE;
}

/* In a file in memory, gone once it was read. */
static int
write_spec(const struct proxy_job *job, int *out, struct err *e)
{
	struct buf b CLEANUP_BUF = {0};
	int fd CLEANUP_FD = memfd_create("proxy", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a memory file");
	proxyspec_write(job, &b);
	r = file_write_all(fd, b.data, b.len, "proxy", e);
	mem_wipe(b.data, b.len);
	if (r < 0)
		return -1;
	*out = fd;
	fd = -1;
	return 0;
}

int
proxy_prepare(const struct launcher *l, const struct proxy_job *job,
    struct spawn *s, const char *const **env, struct err *e)
{
	struct proxy *p = launcher_proxy(l);
	bool bundle = wants_secret(job);

	*env = NULL;
	if (p == NULL || !proxy_wanted(job))
		return 0;
	if (bundle && need_bundle(p, e) < 0)
		return -1;
	s->net = true;
	if (bundle)
		s->bundle = (struct slice){p->bundle.data, p->bundle.len};
	*env = environment(bundle);
	return 0;
}

int
proxy_serve(const struct launcher *l, const struct proxy_job *job,
    struct child *c, int *fd, struct err *e)
{
	int spec CLEANUP_FD = -1, far CLEANUP_FD = -1, near CLEANUP_FD = -1;
	int pair[2], none, fds[3];

	*fd = -1;
	if (c->listener < 0)
		return 0;
	if (write_spec(job, &spec, e) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make sockets");
	near = pair[0];
	far = pair[1];
	fds[0] = spec;
	fds[1] = c->listener;
	fds[2] = far;
	if (request(launcher_proxy(l), PROXY_SERVE, fds, COUNT_OF(fds), &none,
		e) < 0)
		return -1;
	fd_cleanup(&c->listener);
	*fd = near;
	near = -1;
	return 0;
}

/* The grant of this id in any layer that is finite, or NULL. */
static struct grant *
find_metered(struct policy *p, const char *id)
{
	struct grant *g = NULL;

	for (; g == NULL && p != NULL; p = p->above)
		g = policy_find(p, id);
	return g != NULL && g->kind == GRANT_NET ? g : NULL;
}

static void
keep_least(int64_t *left, int64_t now)
{
	if (*left >= 0 && now < *left)
		*left = now < 0 ? 0 : now;
}

static void
spend_all(struct policy *p)
{
	size_t i;

	for (; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++)
			if (p->grants[i].kind == GRANT_NET) {
				keep_least(&p->grants[i].limits.uses, 0);
				keep_least(&p->grants[i].limits.bytes, 0);
			}
}

static int
spend(struct policy *meter, const char *text, size_t n)
{
	struct json *left CLEANUP_JSON = NULL;
	const struct json *x;
	struct grant *g;
	const char *id;
	struct err ignored;

	if (json_parse(text, n, &left, &ignored) < 0)
		return -1;
	for (x = json_first(left); x != NULL; x = json_next(x)) {
		id = json_get_string(x, "grant");
		g = id == NULL ? NULL : find_metered(meter, id);
		if (g == NULL)
			continue;
		keep_least(&g->limits.uses, json_get_integer(x, "uses", 0));
		keep_least(&g->limits.bytes, json_get_integer(x, "bytes", 0));
	}
	return 0;
}

/* It spoke with strangers: what it says is looked at. */
static int
take_report(const struct buf *text, struct policy *meter, struct buf *out)
{
	const char *line = memchr(buf_str(text), '\n', text->len);
	struct err ignored;
	size_t n;

	if (line == NULL)
		return -1;
	n = (size_t)(line - text->data);
	if (json_check(text->data, n, &ignored) < 0)
		return -1;
	buf_add(out, text->data, n);
	return spend(meter, line + 1, text->len - n - 1);
}

void
proxy_finish(int *fd, struct policy *meter, struct buf *out)
{
	struct buf text CLEANUP_BUF = {.max = REPORT_MOST};
	struct pollfd p = {.fd = *fd, .events = POLLIN};
	int64_t deadline = clock_deadline(REPORT_TIME);
	ssize_t n = 1;

	if (*fd < 0)
		return;
	(void)shutdown(*fd, SHUT_WR);
	while (n > 0 && poll(&p, 1, clock_poll_ms(deadline)) > 0)
		n = buf_read(&text, *fd, REPORT_MOST);
	fd_cleanup(fd);
	if (n != 0 || take_report(&text, meter, out) < 0)
		spend_all(meter);
}
