#include "sandbox/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* Addresses in the resolver's order. */
static void
look_up(const char *host, unsigned port, int flags, struct resolved *out)
{
	struct addrinfo want = {.ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_STREAM,
	    .ai_flags = flags | AI_NUMERICSERV};
	struct addrinfo *list = NULL, *a;
	char service[8];
	int r;

	memset(out, 0, sizeof(*out));
	(void)snprintf(service, sizeof(service), "%u", port);
	r = getaddrinfo(host, service, &want, &list);
	if (r != 0) {
		(void)snprintf(
		    out->why, sizeof(out->why), "%s", gai_strerror(r));
		return;
	}
	for (a = list; a != NULL && out->count < RESOLVE_MOST; a = a->ai_next)
		if (a->ai_addrlen <= sizeof(out->list[0]))
			memcpy(&out->list[out->count++], a->ai_addr,
			    a->ai_addrlen);
	freeaddrinfo(list);
}

bool
resolve_address(const char *host, unsigned port, struct resolved *out)
{
	struct resolved got;

	look_up(host, port, AI_NUMERICHOST, &got);
	if (got.count == 0)
		return false;
	*out = got;
	return true;
}

int
resolve_start(
    const char *host, unsigned port, struct resolve *out, struct err *e)
{
	struct resolved got;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		/* connections must end when the proxy closes them */
		if (dup2(fds[1], 3) < 0)
			_exit(1);
		(void)close_range(4, ~0U, 0);
		look_up(host, port, AI_ADDRCONFIG, &got);
		(void)!write(3, &got, sizeof(got));
		_exit(0);
	}
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return err_set(e, EX_OSERR, errno, "cannot fork");
	}
	*out = (struct resolve){.pid = pid, .fd = fds[0]};
	return 0;
}

static void
end(struct resolve *r)
{
	fd_cleanup(&r->fd);
	while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void
resolve_finish(struct resolve *r, struct resolved *out)
{
	ssize_t n;

	/* smaller than a pipe's atomic write: whole or nothing */
	do
		n = read(r->fd, out, sizeof(*out));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(*out) || out->count > RESOLVE_MOST)
		*out = (struct resolved){.why = "the look-up failed"};
	out->why[sizeof(out->why) - 1] = '\0';
	end(r);
}

void
resolve_cancel(struct resolve *r)
{
	if (r->fd < 0)
		return;
	(void)kill(r->pid, SIGKILL);
	end(r);
}
