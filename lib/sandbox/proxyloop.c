/* One call's proxy: all its connections, in one thread. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "sandbox/conn.h"
#include "sandbox/proxyserver.h"

#define CONNECTIONS 128 /* at a time; more wait to be accepted */
#define LOOKUPS     16  /* processes at a time */

/* Of a connection, polled: client, host, look-up. */
enum { FD_CLIENT, FD_UP, FD_RESOLVE, CONN_FDS };
enum { FD_CONTROL, FD_LISTENER, OWN_FDS };

struct loop {
	struct proxy_shared shared;
	struct conn *conns[CONNECTIONS];
	size_t count;
	int listener, control;
};

static void
drop(struct loop *l, size_t i)
{
	conn_count(&l->shared, l->conns[i]);
	conn_free(l->conns[i]);
	l->conns[i] = l->conns[--l->count];
}

static void
accept_all(struct loop *l)
{
	int fd;

	while (l->count < CONNECTIONS) {
		fd = accept4(
		    l->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		l->conns[l->count++] = conn_new(fd);
	}
}

static struct pollfd
watch(int fd, short events)
{
	/* with nothing to wait for, poll(2) would still tell of the end */
	return (struct pollfd){.fd = events == 0 ? -1 : fd, .events = events};
}

static int64_t
watch_conn(const struct conn *c, struct pollfd *p)
{
	short up = side_events(&c->up);

	if (c->state == CONN_CONNECT)
		up = POLLOUT;
	p[FD_CLIENT] = watch(c->client.fd, side_events(&c->client));
	p[FD_UP] = watch(c->up.fd, up);
	p[FD_RESOLVE] = watch(c->resolve.fd, POLLIN);
	return c->deadline < c->end ? c->deadline : c->end;
}

static uint64_t
moved(const struct conn *c)
{
	return c->client.received + c->client.sent + c->up.received +
	       c->up.sent;
}

static void
serve(struct loop *l, struct conn *c, const struct pollfd *p)
{
	uint64_t before = moved(c);
	enum conn_state state = c->state;

	side_move(&c->client, p[FD_CLIENT].revents);
	if (c->state != CONN_CONNECT)
		side_move(&c->up, p[FD_UP].revents);
	conn_advance(&l->shared, c);
	/* what was just put there goes at once */
	side_move(&c->client, 0);
	if (c->state != CONN_CONNECT)
		side_move(&c->up, 0);
	conn_advance(&l->shared, c);
	if (moved(c) != before && c->state == state &&
	    (state == CONN_TUNNEL || state == CONN_RELAY ||
		state == CONN_HELLO))
		conn_enter(c, state); /* its time begins anew */
	conn_count(&l->shared, c);
}

static bool
is_due(const struct conn *c, const struct pollfd *p, int64_t now)
{
	return p[FD_CLIENT].revents != 0 || p[FD_UP].revents != 0 ||
	       p[FD_RESOLVE].revents != 0 || now >= c->deadline ||
	       now >= c->end;
}

static void
serve_all(struct loop *l, const struct pollfd *p)
{
	int64_t now = clock_mono();
	size_t i = l->count;

	/* from the end: what is dropped is replaced by one that was served */
	while (i-- > 0) {
		struct conn *c = l->conns[i];
		const struct pollfd *at = p + OWN_FDS + CONN_FDS * i;

		if (!is_due(c, at, now))
			continue;
		serve(l, c, at);
		if (now >= c->end)
			conn_enter(c, CONN_DEAD);
		else if (now >= c->deadline) {
			conn_expire(c);
			conn_advance(&l->shared, c);
		}
		if (c->state == CONN_DEAD)
			drop(l, i);
	}
}

/* Until the other side of `control` has no more use for it. */
static void
run(struct loop *l)
{
	struct pollfd p[OWN_FDS + CONN_FDS * CONNECTIONS];
	int64_t next, due;
	size_t i;

	for (;;) {
		next = CLOCK_NEVER;
		p[FD_CONTROL] = watch(l->control, POLLIN);
		p[FD_LISTENER] =
		    watch(l->listener, l->count < CONNECTIONS ? POLLIN : 0);
		for (i = 0; i < l->count; i++) {
			due =
			    watch_conn(l->conns[i], p + OWN_FDS + CONN_FDS * i);
			if (due < next)
				next = due;
		}
		if (poll(p, (nfds_t)(OWN_FDS + CONN_FDS * l->count),
			clock_poll_ms(next)) < 0 &&
		    errno != EINTR)
			return;
		if (p[FD_CONTROL].revents != 0)
			return;
		serve_all(l, p);
		if (p[FD_LISTENER].revents != 0)
			accept_all(l);
	}
}

/* What is left of finite grants. */
static void
put_left(const struct policy *p, struct buf *out)
{
	struct jsonw w = {.out = out};
	size_t i;

	jsonw_array(&w, NULL);
	for (; p != NULL; p = p->above)
		for (i = 0; i < p->count; i++) {
			const struct grant *g = &p->grants[i];

			if (g->id == NULL ||
			    (g->limits.uses < 0 && g->limits.bytes < 0))
				continue;
			jsonw_object(&w, NULL);
			jsonw_string(&w, "grant", g->id);
			jsonw_integer(&w, "uses", g->limits.uses);
			jsonw_integer(&w, "bytes", g->limits.bytes);
			jsonw_end(&w, '}');
		}
	jsonw_end(&w, ']');
}

static void
tell(struct loop *l)
{
	struct buf text CLEANUP_BUF = {0};
	size_t done = 0;
	ssize_t n;

	netlog_text(&l->shared.log, &text);
	buf_putc(&text, '\n');
	put_left(&l->shared.policy, &text);
	while (done < text.len) {
		n = send(l->control, text.data + done, text.len - done,
		    MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0)
			done += (size_t)n;
	}
}

void
proxyloop_run(const struct proxyspec *spec, struct issuer *issuer, int listener,
    int control)
{
	struct loop *l = mem_new(1, sizeof(*l));

	l->shared.policy = spec->policy;
	l->shared.secrets = spec->secrets;
	l->shared.issuer = issuer;
	l->shared.reach = (struct reach){.policy = &l->shared.policy,
	    .workspace = spec->workspace == NULL ? "/" : spec->workspace,
	    .tool = spec->tool,
	    .now = spec->job.now,
	    .labels = spec->job.labels};
	l->listener = listener;
	l->control = control;
	run(l);
	while (l->count > 0)
		drop(l, l->count - 1);
	tell(l);
	free(l);
}
