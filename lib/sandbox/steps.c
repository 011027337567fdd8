/* A connection's states, one after the other. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/conn.h"
#include "sandbox/hello.h"
#include "sandbox/socks.h"

static void
read_first(struct conn *c)
{
	if (c->client.in.len == 0) {
		if (c->client.ended)
			conn_enter(c, CONN_DEAD);
		return;
	}
	if (c->client.in.data[0] == SOCKS_VERSION) {
		c->kind = CONN_IS_SOCKS;
		conn_enter(c, CONN_GREETING);
	} else {
		c->kind = CONN_HTTP;
		conn_enter(c, CONN_HEAD);
	}
}

static void
read_greeting(struct conn *c)
{
	size_t used;

	switch (socks_greeting((const unsigned char *)buf_str(&c->client.in),
	    c->client.in.len, &used)) {
	case SOCKS_MORE:
		if (c->client.ended)
			conn_enter(c, CONN_DEAD);
		break;
	case SOCKS_OK:
		buf_drop(&c->client.in, used);
		buf_add(&c->client.out, "\x05\x00", 2);
		conn_enter(c, CONN_SOCKS);
		break;
	case SOCKS_BAD:
		buf_add(&c->client.out, "\x05\xff", 2);
		conn_enter(c, CONN_LAST);
	}
}

static void
read_socks(struct proxy_shared *s, struct conn *c)
{
	enum socks_code code;
	char to[300];
	size_t used;

	switch (socks_request((const unsigned char *)buf_str(&c->client.in),
	    c->client.in.len, &used, to, &code)) {
	case SOCKS_MORE:
		if (c->client.ended)
			conn_enter(c, CONN_DEAD);
		break;
	case SOCKS_OK:
		buf_drop(&c->client.in, used);
		route_start(s, c, to);
		break;
	case SOCKS_BAD:
		conn_answer_socks(c, code);
		conn_enter(c, CONN_LAST);
	}
}

/* CONNECT, or a request with an absolute URL, which stays to be read again
 * once the host is reached. */
static void
read_head(struct proxy_shared *s, struct conn *c)
{
	struct head_target to;
	struct framing body;
	struct head h;

	if (!conn_read_head(c, &h, &body))
		return;
	if (slice_is(h.method, "CONNECT")) {
		if (body.kind != FRAMING_NONE ||
		    head_connect_target(&h, &to) < 0) {
			conn_answer(c, 400, "CONNECT wants HOST:PORT");
			return;
		}
		c->kind = CONN_CONNECTS;
		buf_drop(&c->client.in, h.len);
		route_start(s, c, to.host);
	} else if (head_absolute_target(&h, &to) < 0) {
		conn_answer(c, 400,
		    "this is a proxy for CONNECT, for http: URLs without a "
		    "user's name, and for SOCKS 5");
	} else {
		route_start(s, c, to.host);
	}
}

/* The tunnel is open: say so. */
static void
open_tunnel(struct conn *c)
{
	if (c->kind == CONN_IS_SOCKS)
		conn_answer_socks(c, SOCKS_GRANTED);
	else
		buf_puts(&c->client.out,
		    "HTTP/1.1 200 Connection established\r\n\r\n");
	conn_enter(c, CONN_HELLO);
}

static void
connected(struct conn *c)
{
	struct tls *tls;
	struct err e;
	int error = 0, one = 1;
	socklen_t n = sizeof(error);

	if (getsockopt(c->up.fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ||
	    error != 0) {
		(void)snprintf(c->addresses.why, sizeof(c->addresses.why), "%s",
		    strerror(error == 0 ? errno : error));
		route_next(c);
		return;
	}
	(void)setsockopt(c->up.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (c->kind == CONN_HTTP) {
		relay_start(c);
	} else if (c->secret == NULL) {
		open_tunnel(c);
	} else if (tls_connect(c->host, &tls, &e) < 0) {
		conn_answer(c, 502, e.msg);
	} else {
		conn_enter(c, CONN_SECURE);
		side_secure(&c->up, tls);
	}
}

static void
wait_connected(struct conn *c)
{
	struct pollfd p = {.fd = c->up.fd, .events = POLLOUT};

	if (poll(&p, 1, 0) > 0)
		connected(c);
}

static void
wait_secure(struct conn *c)
{
	if (c->up.failed || (c->up.ended && !tls_ready(c->up.tls)))
		conn_answer_host(c, 502, "no TLS with", c->up.why);
	else if (tls_ready(c->up.tls))
		open_tunnel(c);
}

/* End TLS here, as the host. */
static void
terminate(struct proxy_shared *s, struct conn *c)
{
	struct tls *tls;
	struct err e;

	if (tls_serve(s->issuer, c->host, &tls, &e) < 0) {
		conn_enter(c, CONN_DEAD);
		return;
	}
	conn_enter(c, CONN_REQUEST);
	side_secure(&c->client, tls);
}

static void
refuse_hello(struct proxy_shared *s, struct conn *c, const char *why)
{
	(void)netlog_add(&s->log, c->to, GRANT_DENY, c->decision.winner, why);
	conn_enter(c, CONN_DEAD);
}

static void
read_hello(struct proxy_shared *s, struct conn *c)
{
	bool address = issuer_is_address(c->host);
	struct hello h;

	switch (hello_parse((const unsigned char *)buf_str(&c->client.in),
	    c->client.in.len, &h)) {
	case HELLO_MORE:
		if (c->up.ended && c->up.in.len == 0)
			conn_enter(c, CONN_LAST);
		else if (c->client.ended)
			conn_enter(c, CONN_DEAD);
		return;
	case HELLO_BAD:
		refuse_hello(s, c, "it did not speak TLS as one should");
		return;
	case HELLO_NONE:
		if (c->secret != NULL || c->port == 443)
			refuse_hello(s, c, "only TLS is passed on there");
		else
			conn_enter(c, CONN_TUNNEL);
		return;
	case HELLO_OK:
		break;
	}
	if (h.encrypted)
		refuse_hello(s, c, "TLS with a hidden name");
	else if (!address && strcmp(h.name, c->host) != 0)
		refuse_hello(s, c, "TLS with another name, or none");
	else if (c->secret != NULL)
		terminate(s, c);
	else
		conn_enter(c, CONN_TUNNEL);
}

/* All that came from one side to the other. */
static void
pass(struct side *from, struct side *to)
{
	struct buf whole;

	if (from->in.len == 0 || !side_has_room(to))
		return;
	if (to->out.len == 0) {
		whole = to->out;
		to->out = from->in;
		from->in = whole;
		return;
	}
	buf_add(&to->out, from->in.data, from->in.len);
	buf_clear(&from->in);
}

static void
move_tunnel(struct conn *c)
{
	pass(&c->client, &c->up);
	pass(&c->up, &c->client);
	if (c->client.ended && c->client.in.len == 0)
		side_shut(&c->up);
	if (c->up.ended && c->up.in.len == 0)
		side_shut(&c->client);
	if ((c->up.shut && c->client.shut) || c->client.failed ||
	    (c->up.failed && c->client.shut))
		conn_enter(c, CONN_DEAD);
}

/* All was said: let it be read before the connection is closed. */
static void
take_leave(struct proxy_shared *s, struct conn *c)
{
	if (c->up.fd >= 0) {
		conn_count(s, c);
		side_free(&c->up);
	}
	buf_clear(&c->client.in);
	side_shut(&c->client);
	if (c->client.failed || (c->client.shut && c->client.ended))
		conn_enter(c, CONN_DEAD);
}

static void
step(struct proxy_shared *s, struct conn *c)
{
	switch (c->state) {
	case CONN_FIRST:
		read_first(c);
		break;
	case CONN_GREETING:
		read_greeting(c);
		break;
	case CONN_SOCKS:
		read_socks(s, c);
		break;
	case CONN_HEAD:
		read_head(s, c);
		break;
	case CONN_RESOLVE:
		route_resolved(s, c);
		break;
	case CONN_CONNECT:
		wait_connected(c);
		break;
	case CONN_SECURE:
		wait_secure(c);
		break;
	case CONN_HELLO:
		pass(&c->up, &c->client);
		read_hello(s, c);
		break;
	case CONN_TUNNEL:
		move_tunnel(c);
		break;
	case CONN_REQUEST:
		relay_start(c);
		break;
	case CONN_RELAY:
		relay_move(s, c);
		break;
	case CONN_LAST:
		take_leave(s, c);
		break;
	case CONN_DEAD:
		break;
	}
}

void
conn_advance(struct proxy_shared *s, struct conn *c)
{
	enum conn_state before;

	do {
		before = c->state;
		step(s, c);
		side_step(&c->client);
		side_step(&c->up);
	} while (c->state != before);
}

void
conn_expire(struct conn *c)
{
	switch (c->state) {
	case CONN_HEAD:
	case CONN_REQUEST:
		conn_answer(c, 408, "the request did not come");
		break;
	case CONN_CONNECT:
		(void)snprintf(c->addresses.why, sizeof(c->addresses.why),
		    "it did not answer");
		route_next(c);
		break;
	case CONN_RESOLVE:
	case CONN_SECURE:
		conn_answer_host(c, 504, "no answer from", "");
		break;
	default:
		conn_enter(c, CONN_DEAD);
	}
}
