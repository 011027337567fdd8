#include "sandbox/side.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

void
side_init(struct side *s, int fd)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
}

void
side_free(struct side *s)
{
	fd_cleanup(&s->fd);
	tls_free(s->tls);
	buf_free(&s->in);
	buf_free(&s->out);
	buf_free(&s->wire);
	side_init(s, -1);
}

static void
fail(struct side *s, const char *why)
{
	s->failed = s->ended = true;
	(void)snprintf(s->why, sizeof(s->why), "%.150s", why);
}

static struct buf *
outgoing(struct side *s)
{
	return s->tls != NULL ? &s->wire : &s->out;
}

void
side_step(struct side *s)
{
	struct err e;

	if (s->tls == NULL || s->failed)
		return;
	if (tls_step(s->tls, &s->in, SIDE_ROOM, &s->out, &s->wire, &e) < 0)
		fail(s, e.msg);
	if (tls_ended(s->tls))
		s->ended = true;
}

void
side_secure(struct side *s, struct tls *take)
{
	s->tls = take;
	tls_feed(take, buf_str(&s->in), s->in.len);
	buf_clear(&s->in);
	side_step(s);
}

bool
side_has_room(const struct side *s)
{
	return s->out.len + s->wire.len < SIDE_ROOM;
}

bool
side_is_flushed(const struct side *s)
{
	return s->out.len + s->wire.len == 0;
}

short
side_events(const struct side *s)
{
	const struct buf *o = s->tls != NULL ? &s->wire : &s->out;
	short events = 0;

	if (!s->ended && s->in.len < SIDE_ROOM)
		events |= POLLIN;
	if (o->len > 0)
		events |= POLLOUT;
	return events;
}

static void
receive(struct side *s)
{
	char piece[SIDE_ROOM];
	ssize_t n = recv(s->fd, piece, sizeof(piece), 0);

	if (n > 0) {
		s->received += (uint64_t)n;
		if (s->tls != NULL)
			tls_feed(s->tls, piece, (size_t)n);
		else
			buf_add(&s->in, piece, (size_t)n);
	} else if (n == 0) {
		/* TLS says when it ends; without that it was cut */
		if (s->tls != NULL && !tls_ended(s->tls) &&
		    !tls_has_more(s->tls))
			fail(s, "the connection was cut");
		s->ended = true;
	} else if (errno != EAGAIN && errno != EINTR) {
		fail(s, strerror(errno));
	}
}

static void
transmit(struct side *s)
{
	struct buf *o = outgoing(s);
	ssize_t n;

	if (o->len == 0 || s->fd < 0)
		return;
	n = send(s->fd, o->data, o->len, MSG_NOSIGNAL);
	if (n > 0) {
		s->sent += (uint64_t)n;
		if ((size_t)n == o->len)
			buf_clear(o);
		else
			buf_drop(o, (size_t)n);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* what came before is still good to read */
		fail(s, strerror(errno));
		buf_clear(o);
	}
}

void
side_move(struct side *s, short revents)
{
	if (s->fd < 0)
		return;
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
	    (side_events(s) & POLLIN) != 0)
		receive(s);
	side_step(s);
	transmit(s);
}

void
side_shut(struct side *s)
{
	if (s->shut || s->fd < 0 || !side_is_flushed(s))
		return;
	if (s->tls != NULL) {
		tls_end(s->tls, &s->wire);
		transmit(s);
	}
	s->shut = true;
	(void)shutdown(s->fd, SHUT_WR);
}
