/* Where a connection goes: decided, resolved, each address decided, and only
 * then connected to. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "grant/resource.h"
#include "sandbox/conn.h"

static void
split(struct conn *c)
{
	const char *colon = strrchr(c->to, ':');
	size_t n = (size_t)(colon - c->to), skip = c->to[0] == '[';
	int64_t port = 0;

	(void)num_int(colon + 1, 1, 65535, &port);
	c->port = (unsigned)port;
	(void)snprintf(c->host, sizeof(c->host), "%.*s", (int)(n - 2 * skip),
	    c->to + skip);
}

void
route_next(struct conn *c)
{
	const struct sockaddr_storage *a;
	int fd;

	fd_cleanup(&c->up.fd);
	while (c->next < c->addresses.count) {
		a = &c->addresses.list[c->next++];
		fd = socket(a->ss_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		c->up.fd = fd;
		conn_enter(c, CONN_CONNECT);
		if (connect(fd, (const struct sockaddr *)a,
			a->ss_family == AF_INET
			    ? sizeof(struct sockaddr_in)
			    : sizeof(struct sockaddr_in6)) == 0 ||
		    errno == EINPROGRESS)
			return;
		fd_cleanup(&c->up.fd);
	}
	conn_answer_host(c, 502, "cannot connect to", c->addresses.why);
}

/* Keep the addresses that may be reached; nothing else is connected to. */
static void
take_addresses(struct proxy_shared *s, struct conn *c)
{
	char text[64], why[200] = "";
	size_t i, n = 0;

	if (c->addresses.count == 0) {
		conn_answer_host(c, 502, "cannot resolve", c->addresses.why);
		return;
	}
	for (i = 0; i < c->addresses.count; i++) {
		if (reach_address(&s->reach, &c->decision, c->host,
			(const struct sockaddr *)&c->addresses.list[i], text))
			c->addresses.list[n++] = c->addresses.list[i];
		else
			(void)snprintf(why, sizeof(why),
			    "%.64s leads to %s, which is not granted by itself",
			    c->host, text);
	}
	c->addresses.count = n;
	if (n == 0)
		conn_deny(s, c, NULL, why);
	else
		route_next(c);
}

static void
resolve(struct proxy_shared *s, struct conn *c)
{
	struct err e;

	if (resolve_address(c->host, c->port, &c->addresses))
		take_addresses(s, c);
	else if (resolve_start(c->host, c->port, &c->resolve, &e) < 0)
		conn_answer(c, 502, e.msg);
	else
		conn_enter(c, CONN_RESOLVE);
}

/* Decide, by text alone; then go there. */
void
route_start(struct proxy_shared *s, struct conn *c, const char *to)
{
	char *resource CLEANUP_FREE = resource_host(to, false);
	struct decision d;

	if (resource == NULL || strlen(resource) >= sizeof(c->to)) {
		conn_answer(c, 400, "not a host and port in their plain form");
		return;
	}
	(void)snprintf(c->to, sizeof(c->to), "%s", resource);
	split(c);
	s->reach.now =
	    clock_real() > s->reach.now ? clock_real() : s->reach.now;
	reach_host(&s->reach, c->to, &d);
	if (d.verdict != GRANT_ALLOW) {
		conn_deny(s, c, d.winner, d.why);
		return;
	}
	c->decision = d;
	if (!reach_secret(&d, &s->secrets, &c->secret)) {
		conn_deny(s, c, d.winner, REACH_NO_SECRET);
		return;
	}
	c->log = netlog_add(&s->log, c->to, GRANT_ALLOW, d.winner, "");
	if (conn_take(s, c, 1, 0))
		resolve(s, c);
}

void
route_resolved(struct proxy_shared *s, struct conn *c)
{
	struct pollfd p = {.fd = c->resolve.fd, .events = POLLIN};

	if (poll(&p, 1, 0) <= 0)
		return;
	resolve_finish(&c->resolve, &c->addresses);
	take_addresses(s, c);
}
