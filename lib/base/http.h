/*
 * http.h: one HTTP request at a time, over libcurl, which is loaded at the
 * first one (linking it would cost each program milliseconds at its start).
 * Connections are kept for the next request.  Redirects are not followed:
 * a key goes to the host that it was meant for.  Hosts are verified with the
 * system's certificates, or those of $SSL_CERT_FILE.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct sockaddr;
struct http;	/* a client: its connections */

/* Headers of a reply that somebody asks for; "" when absent. */
struct http_head {
	long status;
	char content_type[96];
	char retry_after[64], retry_after_ms[32], should_retry[16];
	char location[2048];
	char content_encoding[64];	/* all of them */
	/* What a registry answers (OCI distribution specification). */
	char authenticate[2048];	/* WWW-Authenticate, all of them */
	char content_digest[128], range[64], content_range[96], chunk_min[24];
};

enum http_method {
	HTTP_GET_OR_POST,	/* a POST when there is a body */
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH
};

/* A body out of a file, read with pread(2). */
struct http_file {
	int fd;			/* borrowed */
	int64_t offset, length;
	/* Told of bytes as they are handed out; `arg` is the request's. */
	void (*sent)(void *arg, int64_t bytes);
};

struct http_request {
	const char *url;		/* http: or https: */
	const char *const *headers;	/* "Name: value", NULL at the end */
	enum http_method method;
	struct slice body;		/* data NULL: none */
	const struct http_file *file;	/* instead of `body`, to PUT or PATCH;
					 * NULL: none */
	int64_t deadline;		/* clock_mono; CLOCK_NEVER */
	int64_t stall;			/* longest silence, ns; 0: any */
	size_t max;			/* bytes of the reply's body */
	int stop_fd;			/* readable: stop; -1 */
	/* The reply's body as it comes.  HTTP_MORE to go on, HTTP_ENOUGH when
	 * the rest does not matter (a second is given for it to end), or
	 * HTTP_REFUSE. */
	int (*on_data)(void *arg, const struct http_head *, const char *,
	    size_t);
	/* May we connect to this address?  NULL: yes, and by way of the
	 * environment's proxy if it names one; else never by a proxy. */
	bool (*permit)(void *arg, const struct sockaddr *);
	void *arg;
};

enum { HTTP_MORE, HTTP_ENOUGH, HTTP_REFUSE };

enum http_end {
	HTTP_DONE,	/* all came, or on_data had enough */
	HTTP_REFUSED,	/* by on_data */
	HTTP_TOO_LARGE,
	HTTP_BROKEN,	/* no connection, or it broke, or was silent */
	HTTP_LATE,	/* the deadline */
	HTTP_STOPPED
};

struct http_result {
	enum http_end end;
	struct http_head head;	/* status 0: none came */
	uint64_t received;	/* bytes of the body */
	char why[256];		/* when it is BROKEN */
};

/* Never fails; `*out` is to be closed. */
void http_open(struct http **out);
void http_close(struct http *);

/* -1, status 69, only when nothing could be tried: there is no libcurl.  A bad
 * URL is BROKEN, and so is an address that is not permitted. */
int http_perform(struct http *, const struct http_request *,
    struct http_result *out, struct err *);

#endif
