#include "sandbox/conn.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sandbox/socks.h"

#define TIME_HEAD    (30 * CLOCK_SECOND)  /* to say what it wants */
#define TIME_CONNECT (20 * CLOCK_SECOND)  /* to get one step further */
#define TIME_IDLE    (300 * CLOCK_SECOND) /* without a byte */
#define TIME_LAST    (2 * CLOCK_SECOND)
#define TIME_ALL     (4 * 3600 * CLOCK_SECOND)

struct conn *
conn_new(int take_fd)
{
	struct conn *c = mem_new(1, sizeof(*c));

	side_init(&c->client, take_fd);
	side_init(&c->up, -1);
	c->resolve.fd = -1;
	c->end = clock_deadline(TIME_ALL);
	conn_enter(c, CONN_FIRST);
	return c;
}

void
conn_free(struct conn *c)
{
	resolve_cancel(&c->resolve);
	side_free(&c->client);
	side_free(&c->up);
	buf_free(&c->scrub.held);
	free(c);
}

void
conn_enter(struct conn *c, enum conn_state state)
{
	static const int64_t times[] = {TIME_HEAD, TIME_HEAD, TIME_HEAD,
	    TIME_HEAD, TIME_CONNECT, TIME_CONNECT, TIME_CONNECT, TIME_IDLE,
	    TIME_IDLE, TIME_HEAD, TIME_IDLE, TIME_LAST, 0};

	c->state = state;
	c->deadline = clock_deadline(times[state]);
}

static enum socks_code
socks_code_of(unsigned status)
{
	switch (status) {
	case 400:
		return SOCKS_BAD_ADDRESS;
	case 403:
		return SOCKS_DENIED;
	case 502:
	case 504:
		return SOCKS_UNREACHABLE;
	default:
		return SOCKS_FAILED;
	}
}

void
conn_answer_socks(struct conn *c, int code)
{
	unsigned char reply[SOCKS_REPLY];

	socks_reply((enum socks_code)code, reply);
	buf_add(&c->client.out, reply, sizeof(reply));
}

static const char *
reason(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 408:
		return "Request Timeout";
	case 431:
		return "Request Header Fields Too Large";
	case 504:
		return "Gateway Timeout";
	default:
		return "Bad Gateway";
	}
}

void
conn_answer(struct conn *c, unsigned status, const char *text)
{
	bool said = c->state == CONN_HELLO || c->state == CONN_TUNNEL ||
		    (c->state == CONN_RELAY && c->replied);

	if (said) {
		/* whatever came now would be taken for the host's */
		conn_enter(c, CONN_DEAD);
		return;
	}
	if (c->kind == CONN_IS_SOCKS && c->client.tls == NULL)
		conn_answer_socks(c, (int)socks_code_of(status));
	else
		buf_printf(&c->client.out,
		    "HTTP/1.1 %u %s\r\n"
		    "Content-Type: text/plain; charset=utf-8\r\n"
		    "Content-Length: %zu\r\nConnection: close\r\n\r\n"
		    "agent proxy: %s\n",
		    status, reason(status), strlen(text) + 14, text);
	conn_enter(c, CONN_LAST);
}

bool
conn_read_head(struct conn *c, struct head *h, struct framing *body)
{
	switch (
	    head_read_request(buf_str(&c->client.in), c->client.in.len, h)) {
	case HEAD_MORE:
		if (c->client.ended)
			conn_enter(c, CONN_DEAD);
		return false;
	case HEAD_LONG:
		conn_answer(c, 431, "the request's head is too large");
		return false;
	case HEAD_BAD:
		conn_answer(c, 400, "bad request");
		return false;
	case HEAD_OK:
		break;
	}
	if (head_request_body(h, body) == 0)
		return true;
	conn_answer(c, 400, "the request's length is ambiguous");
	return false;
}

void
conn_answer_host(
    struct conn *c, unsigned status, const char *what, const char *why)
{
	char text[700];

	(void)snprintf(text, sizeof(text), "%s %s%s%s", what, c->to,
	    why[0] == '\0' ? "" : ": ", why);
	conn_answer(c, status, text);
}

void
conn_deny(struct proxy_shared *s, struct conn *c, const struct grant *winner,
    const char *why)
{
	(void)netlog_add(&s->log, c->to, GRANT_DENY, winner, why);
	conn_answer(c, 403, why);
}

bool
conn_take(struct proxy_shared *s, struct conn *c, int64_t uses, int64_t bytes)
{
	if (policy_take(&s->policy, &c->decision, uses, bytes))
		return true;
	(void)netlog_add(&s->log, c->to, GRANT_DENY, c->decision.winner,
	    "its grant is used up");
	conn_enter(c, CONN_DEAD);
	return false;
}

void
conn_count(struct proxy_shared *s, struct conn *c)
{
	uint64_t sent = c->up.sent, received = c->up.received;

	if (sent + received == 0)
		return;
	c->up.sent = c->up.received = 0;
	if (c->log != NULL) {
		c->log->sent += sent;
		c->log->received += received;
	}
	if (c->state != CONN_DEAD)
		(void)conn_take(s, c, 0, (int64_t)(sent + received));
}
