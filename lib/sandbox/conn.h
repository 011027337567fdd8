/*
 * conn.h: one connection of a sandboxed program to the proxy, from its first
 * byte (HTTP or SOCKS) to its end.  For the proxy's process only: steps.c
 * goes from state to state, route.c to where it wants to go, relay.c passes
 * HTTP on.
 *
 * Invariant: nothing is resolved before the decision, nothing is connected to
 * but an address that was decided, and no byte of the client's is passed on
 * before it is known for which host it is.
 */
#ifndef SANDBOX_CONN_H
#define SANDBOX_CONN_H

#include "base/secret.h"
#include "sandbox/issuer.h"
#include "sandbox/framing.h"
#include "sandbox/head.h"
#include "sandbox/netlog.h"
#include "sandbox/reach.h"
#include "sandbox/resolve.h"
#include "sandbox/side.h"

/* What all connections of a call share. */
struct proxy_shared {
	struct policy policy;	/* its net grants, and what is left of them */
	struct reach reach;	/* `policy` is the above */
	struct secrets secrets;
	struct issuer *issuer; /* borrowed; NULL without secrets */
	struct netlog log;
};

enum conn_state {
	CONN_FIRST,    /* the first byte tells HTTP from SOCKS */
	CONN_GREETING, /* SOCKS: which methods */
	CONN_SOCKS,    /* SOCKS: where to */
	CONN_HEAD,     /* HTTP: a request */
	CONN_RESOLVE,
	CONN_CONNECT,
	CONN_SECURE,   /* TLS with the host itself */
	CONN_HELLO,    /* a tunnel's first bytes are looked at */
	CONN_TUNNEL,
	CONN_REQUEST,  /* HTTP inside TLS that ends here */
	CONN_RELAY,    /* request and reply go through */
	CONN_LAST,     /* all is said, and to be read */
	CONN_DEAD
};

enum conn_kind { CONN_HTTP, CONN_CONNECTS, CONN_IS_SOCKS };

struct conn {
	struct side client, up;
	enum conn_state state;
	enum conn_kind kind;
	char to[300];		/* "host:port", canonical */
	char host[300];		/* its host, without brackets */
	unsigned port;
	struct decision decision; /* whose grants are the shared policy's */
	const struct secret *secret; /* that it goes with, or NULL */
	struct netlog_entry *log;
	struct resolve resolve;
	struct resolved addresses;
	size_t next;		/* of them */
	int64_t deadline, end;	/* clock_mono */
	/* CONN_RELAY */
	struct framing request, reply, reply_out;
	bool to_head, replied;	/* HEAD; the reply's head is through */
	struct scrub scrub;
};

/* A connection that was accepted. */
struct conn *conn_new(int take_fd);
void conn_free(struct conn *);
/* Do all that can be done now (steps.c). */
void conn_advance(struct proxy_shared *, struct conn *);
/* Its time is up. */
void conn_expire(struct conn *);
/* Bytes went through: counted, and cut when they are too many. */
void conn_count(struct proxy_shared *, struct conn *);

/* To the next state. */
void conn_enter(struct conn *, enum conn_state);
/* The head of the request in client.in, and how its body comes.  False: not
 * yet, or never, and then that was answered. */
bool conn_read_head(struct conn *, struct head *, struct framing *body);
/* An answer of our own, then the end: HTTP status and words, which SOCKS has
 * a code for; about the host; and a denial, which is noted. */
void conn_answer(struct conn *, unsigned status, const char *text);
void conn_answer_socks(struct conn *, int code);
void conn_answer_host(struct conn *, unsigned status, const char *what,
    const char *why);
void conn_deny(struct proxy_shared *, struct conn *,
    const struct grant *winner, const char *why);
/* Take from each grant that let it through; false: one was used up, and it is
 * the connection's end. */
bool conn_take(struct proxy_shared *, struct conn *, int64_t uses,
    int64_t bytes);

/* route.c: to "host:port"; what was resolved; the next address. */
void route_start(struct proxy_shared *, struct conn *, const char *to);
void route_resolved(struct proxy_shared *, struct conn *);
void route_next(struct conn *);

/* relay.c: with a request's head in client.in; what can be moved. */
void relay_start(struct conn *);
void relay_move(struct proxy_shared *, struct conn *);

#endif
