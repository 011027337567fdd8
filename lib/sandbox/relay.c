/* HTTP passed on: one request a connection, each head written again, each
 * body taken apart and put together, so that no two readers can disagree. */
#include <string.h>

#include "sandbox/conn.h"

/* The Host that a server is told: with the port unless it is the scheme's. */
static void
host_field(const struct conn *c, char out[300])
{
	const char *scheme_port = c->client.tls != NULL ? ":443" : ":80";
	size_t n = strlen(c->to), tail = strlen(scheme_port);

	if (n > tail && strcmp(c->to + n - tail, scheme_port) == 0)
		n -= tail;
	(void)snprintf(out, 300, "%.*s", (int)n, c->to);
}

/* Inside TLS a request names the path alone; its Host is checked, since the
 * tunnel was asked for one host. */
static bool
inner_target(const struct conn *c, const struct head *h, const char *host,
    struct head_target *out)
{
	bool again;
	const struct head_field *f = head_find(h, "Host", &again);

	if (f == NULL || again ||
	    (!slice_is(f->value, host) && !slice_is(f->value, c->to)))
		return false;
	if (h->target.data[0] != '/' && !slice_is(h->target, "*"))
		return false;
	*out = (struct head_target){.path = h->target};
	return true;
}

void
relay_start(struct conn *c)
{
	bool inner = c->client.tls != NULL;
	const char *credential = inner ? c->secret->header : NULL;
	struct head_target to;
	struct head h;
	char host[300];

	if (!conn_read_head(c, &h, &c->request))
		return;
	host_field(c, host);
	if (inner ? !inner_target(c, &h, host, &to)
		  : head_absolute_target(&h, &to) < 0) {
		conn_answer(c, 400, "the request is for another host");
		return;
	}
	c->to_head = slice_is(h.method, "HEAD");
	head_write_request(&h, &to, &c->request, host, credential, &c->up.out);
	buf_drop(&c->client.in, h.len);
	conn_enter(c, CONN_RELAY);
}

/* The client's body to the host. */
static void
move_request(struct conn *c)
{
	struct buf body CLEANUP_BUF = {0};
	struct framing *f = &c->request;
	ssize_t n;

	if (f->done) {
		buf_clear(&c->client.in); /* nothing may follow it */
		return;
	}
	if (!side_has_room(&c->up))
		return;
	n = framing_decode(f, buf_str(&c->client.in), c->client.in.len, &body);
	if (n < 0) {
		conn_answer(c, 400, "bad chunks");
		return;
	}
	buf_drop(&c->client.in, (size_t)n);
	framing_encode(f, buf_str(&body), body.len, &c->up.out);
	if (f->done)
		framing_encode_end(f, &c->up.out);
	else if (c->client.ended && c->client.in.len == 0)
		conn_enter(c, CONN_DEAD); /* a request that was cut */
}

/* A reply whose values are taken out changes its length: it goes in chunks,
 * so that one that was cut can be told from one that ended. */
static int
reply_head(struct proxy_shared *s, struct conn *c, const struct head *h)
{
	bool scrubs = c->secret != NULL && c->client.tls != NULL, again;
	const struct head_field *coding =
	    head_find(h, "Content-Encoding", &again);
	struct buf text CLEANUP_BUF = {0};

	if (head_reply_body(h, c->to_head, &c->reply) < 0)
		return -1;
	if (!scrubs) {
		head_write_reply(h, NULL, &c->client.out);
		return 0;
	}
	if (again || (coding != NULL && !slice_is(coding->value, "identity")))
		return -1; /* it could hide what is to be taken out */
	c->reply_out = (struct framing){.kind = FRAMING_CHUNKED};
	if (c->reply.kind == FRAMING_NONE)
		c->reply_out.kind = FRAMING_NONE;
	head_write_reply(
	    h, c->reply.kind == FRAMING_NONE ? NULL : &c->reply_out, &text);
	secrets_scrub(&s->secrets, buf_str(&text), text.len, &c->client.out);
	c->scrub.secrets = &s->secrets;
	return 0;
}

/* Its head; those of status 1xx come before the one that counts. */
static void
move_reply_head(struct proxy_shared *s, struct conn *c)
{
	struct head h;

	for (;;) {
		switch (head_read_reply(buf_str(&c->up.in), c->up.in.len, &h)) {
		case HEAD_MORE:
			if (c->up.ended)
				conn_answer(c, 502, "the host did not answer");
			return;
		case HEAD_OK:
			break;
		default:
			conn_answer(c, 502, "the host's answer is no HTTP");
			return;
		}
		if (h.status == 101 || reply_head(s, c, &h) < 0) {
			conn_answer(c, 502, "the host's answer is not taken");
			return;
		}
		buf_drop(&c->up.in, h.len);
		if (h.status < 200)
			continue;
		c->replied = true;
		return;
	}
}

/* As it comes.  A host may keep the connection open after the length that it
 * told; for chunks its end is waited for. */
static void
pass_reply_body(struct conn *c)
{
	bool counted = c->reply.kind == FRAMING_LENGTH;
	size_t n = c->up.in.len;

	if (counted && n > c->reply.left)
		n = (size_t)c->reply.left;
	buf_add(&c->client.out, buf_str(&c->up.in), n);
	buf_clear(&c->up.in);
	if (counted)
		c->reply.left -= n;
	if ((counted && c->reply.left == 0) || c->up.ended)
		conn_enter(c, CONN_LAST);
}

/* A body as it comes, or through the scrubber. */
static void
move_reply_body(struct conn *c)
{
	struct buf body CLEANUP_BUF = {0}, clean CLEANUP_BUF = {0};
	ssize_t n;

	if (!side_has_room(&c->client))
		return;
	if (c->scrub.secrets == NULL && c->reply.kind != FRAMING_NONE) {
		pass_reply_body(c);
		return;
	}
	n = framing_decode(&c->reply, buf_str(&c->up.in), c->up.in.len, &body);
	if (n < 0) {
		conn_enter(c, CONN_DEAD);
		return;
	}
	buf_drop(&c->up.in, (size_t)n);
	if (c->reply.kind == FRAMING_CLOSE && c->up.ended && !c->up.failed)
		c->reply.done = true;
	if (c->scrub.secrets != NULL)
		scrub_add(&c->scrub, buf_str(&body), body.len, &clean);
	if (c->scrub.secrets != NULL && c->reply.done)
		scrub_end(&c->scrub, &clean);
	framing_encode(
	    &c->reply_out, buf_str(&clean), clean.len, &c->client.out);
	if (c->reply.done) {
		framing_encode_end(&c->reply_out, &c->client.out);
		conn_enter(c, CONN_LAST);
	} else if (c->up.ended && c->up.in.len == 0) {
		conn_enter(c, CONN_DEAD); /* cut: the client must notice */
	}
}

void
relay_move(struct proxy_shared *s, struct conn *c)
{
	move_request(c);
	if (c->state == CONN_RELAY && !c->replied)
		move_reply_head(s, c);
	if (c->state == CONN_RELAY && c->replied)
		move_reply_body(c);
	if (c->client.failed)
		conn_enter(c, CONN_DEAD);
}
