#include "bundle/ociregistry.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#define STALL     (60 * CLOCK_SECOND)
#define ERROR_MAX ((size_t)64 << 10)

enum { TRIES = 4 };

int
oci_open(const struct oci_ref *ref, bool plain, struct oci_registry *out,
    struct err *e)
{
	struct oci_registry r = {.ref = *ref, .plain = plain};
	char *root CLEANUP_FREE = mem_printf(
	    "http%s://%s", plain || ref->loopback ? "" : "s", ref->host);

	if (url_parse(root, &r.at, e) < 0)
		return -1;
	if (oci_login_find(ref, &r.login, e) < 0) {
		url_free(&r.at);
		return -1;
	}
	http_open(&r.http);
	*out = r;
	return 0;
}

static void
forget(char **secret)
{
	if (*secret != NULL)
		mem_wipe(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void
oci_close(struct oci_registry *r)
{
	http_close(r->http);
	url_free(&r->at);
	oci_login_free(&r->login);
	forget(&r->authorization);
}

void
oci_reply_free(struct oci_reply *r)
{
	buf_free(&r->body);
}

/* ---- one exchange ----------------------------------------------------------------------- */

struct exchange {
	const struct oci_call *call;
	struct oci_reply *reply;
	struct err failed; /* the sink's */
};

static int
on_data(void *arg, const struct http_head *head, const char *data, size_t n)
{
	struct exchange *x = arg;
	bool good = head->status >= 200 && head->status < 300;

	if (good && x->call->to != NULL)
		return x->call->to->write(
			   x->call->to->arg, data, n, &x->failed) < 0
			   ? HTTP_REFUSE
			   : HTTP_MORE;
	if (!good)
		x->reply->body.max = ERROR_MAX;
	buf_add(&x->reply->body, data, n);
	return good || !x->reply->body.full ? HTTP_MORE : HTTP_ENOUGH;
}

static void
on_sent(void *arg, int64_t n)
{
	const struct exchange *x = arg;

	x->call->file->sent(x->call->arg, n);
}

/* A name such as localhost is this machine, or is not asked in the clear. */
static bool
is_local(void *arg, const struct sockaddr *a)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	(void)arg;
	if (a->sa_family == AF_INET) {
		memcpy(&four, a, sizeof(four));
		return ntohl(four.sin_addr.s_addr) >> 24 == 127;
	}
	if (a->sa_family != AF_INET6)
		return false;
	memcpy(&six, a, sizeof(six));
	return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
}

int
oci_bare(struct oci_registry *r, const struct oci_call *c,
    const char *authorization, struct oci_reply *out, struct err *e)
{
	struct exchange x = {.call = c, .reply = out};
	const char *headers[COUNT_OF(c->headers) + 3] = {0};
	struct http_file file;
	struct http_request q = {.url = c->url,
	    .headers = headers,
	    .method = c->method,
	    .body = c->body,
	    .deadline = CLOCK_NEVER,
	    .stall = STALL,
	    .max = (size_t)(c->max > 0 ? c->max : OCI_REPLY_MAX),
	    .stop_fd = -1,
	    .on_data = on_data,
	    .arg = &x};
	size_t n = 0;

	for (; n < COUNT_OF(c->headers) && c->headers[n] != NULL; n++)
		headers[n] = c->headers[n];
	headers[n++] = "Expect:"; /* libcurl would wait for an answer to it */
	headers[n] = authorization;
	if (c->file != NULL) {
		file = *c->file;
		file.sent = file.sent == NULL ? NULL : on_sent;
		q.file = &file;
	}
	if (strncmp(c->url, "http:", 5) == 0 && !r->plain)
		q.permit = is_local;
	oci_reply_free(out);
	*out = (struct oci_reply){0};
	if (http_perform(r->http, &q, &out->result, e) < 0)
		return -1;
	if (out->result.end == HTTP_REFUSED) {
		*e = x.failed;
		return -1;
	}
	if (out->result.end == HTTP_TOO_LARGE)
		return err_set(e, EX_DATAERR, 0,
		    "the registry '%s' sends more than there should be",
		    r->ref.host);
	return 0;
}

bool
oci_same_origin(const struct url *a, const struct url *b)
{
	return a->tls == b->tls && a->port == b->port &&
	       strcmp(a->host, b->host) == 0;
}

/* Is the registry itself asked? */
static bool
is_own(const struct oci_registry *r, const char *url)
{
	struct url u = {0};
	struct err e;
	bool own;

	if (url_parse(url, &u, &e) < 0)
		return false;
	own = oci_same_origin(&u, &r->at);
	url_free(&u);
	return own;
}

static int
meet(struct oci_registry *r, const struct oci_reply *reply, struct err *e)
{
	const char *text = reply->result.head.authenticate;
	struct oci_challenge c;

	forget(&r->authorization);
	oci_challenge_parse(text, strlen(text), &c);
	if (c.scheme == OCI_BEARER)
		return oci_token(r, &c, e);
	if (c.scheme == OCI_NONE)
		return err_set(e, EX_NOPERM, 0,
		    "the registry '%s' asks for a way of authentication that "
		    "is not known here",
		    r->ref.host);
	if (r->login.basic == NULL)
		return err_set(e, EX_NOPERM, 0,
		    "the registry '%s' asks who we are: set "
		    "AGENT_REGISTRY_USER and AGENT_REGISTRY_PASSWORD, or give "
		    "it in an auth file",
		    r->ref.host);
	r->authorization =
	    mem_printf("Authorization: Basic %s", r->login.basic);
	return 0;
}

int
oci_send(struct oci_registry *r, const struct oci_call *c,
    struct oci_reply *out, struct err *e)
{
	bool own = is_own(r, c->url);

	if (oci_bare(r, c, own ? r->authorization : NULL, out, e) < 0)
		return -1;
	if (!own || out->result.end != HTTP_DONE ||
	    out->result.head.status != 401)
		return 0;
	if (meet(r, out, e) < 0 || oci_bare(r, c, r->authorization, out, e) < 0)
		return -1;
	if (out->result.head.status == 401)
		return oci_refused(r, out, "who we are", e);
	return 0;
}

/* ---- trying again ----------------------------------------------------------------------- */

bool
oci_is_broken(const struct oci_reply *r)
{
	long status = r->result.head.status;

	return r->result.end != HTTP_DONE || status >= 500 || status == 429;
}

bool
oci_wait(int *tries)
{
	int64_t ns = (CLOCK_SECOND / 10) << (2 * *tries);
	struct timespec t = {ns / CLOCK_SECOND, ns % CLOCK_SECOND};

	if (++*tries >= TRIES)
		return false;
	(void)nanosleep(&t, NULL);
	return true;
}

int
oci_send_again(struct oci_registry *r, const struct oci_call *c,
    struct oci_reply *out, struct err *e)
{
	int tries = 0;

	do {
		if (oci_send(r, c, out, e) < 0)
			return -1;
	} while (oci_is_broken(out) && oci_wait(&tries));
	return oci_is_broken(out) ? oci_refused(r, out, "the request", e) : 0;
}

/* What the registry says is wrong: the first of its errors. */
static void
explain(const struct buf *body, struct buf *out)
{
	struct json *j CLEANUP_JSON = NULL;
	const struct json *first;
	const char *code, *message;
	struct err e;

	if (json_parse(buf_str(body), body->len, &j, &e) < 0 ||
	    json_get(j, "errors") == NULL)
		return;
	first = json_first(json_get(j, "errors"));
	code = json_get_string(first, "code");
	message = json_get_string(first, "message");
	if (code != NULL)
		buf_printf(out, " (%.40s%s%.120s)", code,
		    message == NULL ? "" : ": ",
		    message == NULL ? "" : message);
}

int
oci_refused(const struct oci_registry *r, const struct oci_reply *reply,
    const char *doing, struct err *e)
{
	long status = reply->result.head.status;
	struct buf why CLEANUP_BUF = {0};

	if (reply->result.end != HTTP_DONE)
		return err_set(e, EX_UNAVAILABLE, 0,
		    "the registry '%s' cannot be reached: %s", r->ref.host,
		    reply->result.why);
	explain(&reply->body, &why);
	return err_set(e,
	    status == 401 || status == 403   ? EX_NOPERM
	    : status == 404                  ? EX_NOINPUT
	    : status >= 200 && status <= 399 ? EX_DATAERR
					     : EX_UNAVAILABLE,
	    0, "the registry '%s' refuses %s: HTTP status %ld%s", r->ref.host,
	    doing, status, buf_str(&why));
}

/* ---- places ----------------------------------------------------------------------------- */

char *
oci_url(const struct oci_registry *r, const char *fmt, ...)
{
	struct buf b = {0};
	char rest[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(rest, sizeof(rest), fmt, ap);
	va_end(ap);
	buf_printf(&b, "%s/v2/%s/%s", r->at.text, r->ref.name, rest);
	return buf_steal(&b);
}

/* A proxy before it may have changed the scheme; the host and, unless both
 * are the usual ones, the port must be ours. */
static bool
is_same_host(const struct url *a, const struct url *b)
{
	return strcmp(a->host, b->host) == 0 &&
	       (a->port == b->port || (a->port == (a->tls ? 443 : 80) &&
					  b->port == (b->tls ? 443 : 80)));
}

int
oci_location(const struct oci_registry *r, const char *base,
    const struct oci_reply *reply, char **out, struct err *e)
{
	const char *to = reply->result.head.location, *path;
	struct url from = {0}, next = {0};
	int rc = -1;

	if (to[0] == '\0' ||
	    strlen(to) + 1 >= sizeof(reply->result.head.location))
		return err_set(e, EX_DATAERR, 0,
		    "the registry '%s' does not say where an upload goes",
		    r->ref.host);
	if (url_parse(base, &from, e) < 0)
		return -1;
	if (url_follow(&from, to, &next, e) == 0 &&
	    !is_same_host(&next, &r->at)) {
		err_set(e, EX_DATAERR, 0,
		    "the registry '%s' sends an upload elsewhere, to '%.200s'",
		    r->ref.host, next.host);
	} else if (next.text != NULL) {
		path = strstr(next.text, "://") + 3;
		path += strcspn(path, "/?");
		*out = mem_printf("%s%s", r->at.text, path);
		rc = 0;
	}
	url_free(&from);
	url_free(&next);
	return rc;
}
