/* remote_call: attempts, until one gives a reply or none is worth another. */
#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "model/provider.h"
#include "model/remote.h"
#include "model/retry.h"
#include "model/sse.h"

#define BODY_MAX  ((size_t)64 << 20)
#define ERROR_MAX ((size_t)64 << 10)

enum mode { MODE_UNKNOWN, MODE_STREAM, MODE_WHOLE, MODE_ERROR };

struct attempt {
	const struct protocol *protocol;
	struct incoming in;
	enum mode mode;
	struct sse sse;
	struct buf body; /* of a reply in one piece, or of an error */
	struct http_result result;
};

static void
attempt_free(struct attempt *a)
{
	incoming_free(&a->in);
	sse_free(&a->sse);
	buf_free(&a->body);
}

/* Some servers call a stream text/plain, or nothing. */
static enum mode
find_mode(const struct http_head *head, const char *data, size_t len)
{
	static const char *const starts[] = {"data:", "event:", "id:", ":"};
	size_t i, n;

	if (head->status < 200 || head->status > 299)
		return MODE_ERROR;
	if (strstr(head->content_type, "event-stream") != NULL)
		return MODE_STREAM;
	if (strstr(head->content_type, "json") != NULL)
		return MODE_WHOLE;
	for (i = 0; i < COUNT_OF(starts); i++) {
		n = strlen(starts[i]);
		if (len >= n && memcmp(data, starts[i], n) == 0)
			return MODE_STREAM;
	}
	return MODE_WHOLE;
}

static int
on_event(void *arg, const char *event, struct slice data)
{
	struct attempt *a = arg;

	(void)event; /* both protocols repeat it in the data, or need none */
	return a->protocol->event(&a->in, data);
}

static int
on_data(void *arg, const struct http_head *head, const char *data, size_t len)
{
	struct attempt *a = arg;
	const struct sse_handler h = {on_event, a};

	if (a->mode == MODE_UNKNOWN) {
		a->mode = find_mode(head, data, len);
		a->body.max = a->mode == MODE_ERROR ? ERROR_MAX : BODY_MAX;
	}
	if (a->mode != MODE_STREAM) {
		buf_add(&a->body, data, len);
		return HTTP_MORE;
	}
	switch (sse_feed(&a->sse, data, len, &h)) {
	case 0:
		return HTTP_MORE;
	case 1:
		return HTTP_ENOUGH;
	case SSE_TOO_LARGE:
		reply_bad(a->in.out, "a piece of the stream is too large");
		return HTTP_REFUSE;
	default:
		return HTTP_REFUSE;
	}
}

static int
send_once(struct remote *r, struct attempt *a, const char *url,
    const char *const *headers, struct slice body, struct err *e)
{
	const struct model_options *o = a->in.options;
	const struct http_request req = {
	    .url = url,
	    .headers = headers,
	    .body = body,
	    .deadline = o->deadline,
	    .stall = r->stall,
	    .max = BODY_MAX,
	    .stop_fd = o->stop_fd,
	    .on_data = on_data,
	    .arg = a,
	};

	sse_init(&a->sse, BODY_MAX);
	return http_perform(r->http, &req, &a->result, e);
}

/* A reply that began: what is wrong with it now makes it bad. */
static void
settle(struct attempt *a)
{
	const struct sse_handler h = {on_event, a};
	struct model_reply *out = a->in.out;

	if (a->result.end == HTTP_TOO_LARGE)
		reply_bad(
		    out, "the reply is larger than %zu MiB", BODY_MAX >> 20);
	else if (a->result.end == HTTP_BROKEN)
		reply_bad(out, "the reply broke off: %s", a->result.why);
	else if (a->mode == MODE_STREAM && a->result.end == HTTP_DONE)
		(void)sse_end(&a->sse, &h);
	else if (a->mode == MODE_WHOLE)
		incoming_whole(&a->in, a->protocol,
		    (struct slice){buf_str(&a->body), a->body.len});
	incoming_finish(&a->in);
}

/* Servers may repeat in their message what they were sent. */
static void
hide_keys(const struct remote *r, char *text)
{
	size_t i, n;
	char *p;

	for (i = 0; i < COUNT_OF(r->keys); i++) {
		n = r->keys[i].value == NULL ? 0 : strlen(r->keys[i].value);
		if (n < 4)
			continue;
		while ((p = strstr(text, r->keys[i].value)) != NULL)
			memset(p, '*', n);
	}
}

static void
say_why(const struct remote *r, const struct attempt *a,
    const struct retry_error *x, char *out, size_t room)
{
	const struct http_result *res = &a->result;
	const char *what = x->code[0] != '\0' ? x->code : x->type;

	if (res->head.status == 0 || a->mode == MODE_UNKNOWN)
		(void)snprintf(out, room, "%s",
		    res->why[0] != '\0' ? res->why : "no reply");
	if (res->head.status >= 300 && res->head.status < 400)
		(void)snprintf(out, room,
		    "status %ld: redirects are not "
		    "followed ('%.200s')",
		    res->head.status, res->head.location);
	else if (res->head.status >= 400)
		(void)snprintf(out, room, "status %ld%s%s%s%s%s",
		    res->head.status, x->message[0] == '\0' ? "" : ": ",
		    x->message, *what == '\0' ? "" : " (", what,
		    *what == '\0' ? "" : ")");
	hide_keys(r, out);
}

static int
give_up(const struct attempt *a, const char *why, struct err *e)
{
	long status = a->result.head.status;
	unsigned n = a->in.out->attempts;
	int class = EX_UNAVAILABLE;

	if (status == 401 || status == 403 || status == 404 ||
	    (status >= 300 && status < 400))
		class = EX_CONFIG; /* a key, a model's name, an address */
	if (n > 1)
		return err_set(e, class, 0, "%s (after %u attempts)", why, n);
	return err_set(e, class, 0, "%s", why);
}

/* After a failed attempt: 0 to make another now, -1, or 1 when it was a reply
 * after all. */
static int
failed(const struct remote *r, struct attempt *a, struct err *e)
{
	const struct model_options *o = a->in.options;
	const struct http_head *head = &a->result.head;
	bool answered = head->status > 299;
	unsigned attempts = a->in.out->attempts;
	struct retry_error x;
	struct retry_facts f = {
	    .status = answered ? head->status : 0,
	    .after = head->retry_after,
	    .after_ms = head->retry_after_ms,
	    .should_retry = head->should_retry,
	    .error = &x,
	    .attempts = attempts,
	    .retries = r->retries,
	    .now = clock_real(),
	    .random = (uint32_t)rand_below(UINT32_MAX),
	};
	char why[420] = "";
	int64_t wait;

	secrets_scrub_buf(o->secrets, &a->body);
	retry_error_read((struct slice){buf_str(&a->body), a->body.len}, &x);
	say_why(r, a, &x, why, sizeof(why));
	if (retry_is_bad_reply(f.status, &x)) {
		reply_bad(a->in.out, "%s", why);
		return 1;
	}
	if (!retry_wanted(&f, &wait))
		return give_up(a, why, e);
	if (o->deadline != CLOCK_NEVER && o->deadline - clock_mono() <= wait)
		return err_set(e, EX_DEADLINE, 0,
		    "the deadline comes before the next attempt: %s", why);
	if (o->on_retry != NULL)
		o->on_retry(o->arg, attempts + 1, wait, why);
	return model_sleep(wait, o, e);
}

/* One attempt: 1 with a reply, 0 to make another, -1. */
static int
attempt(struct remote *r, const struct protocol *p, const char *url,
    const char *const *headers, struct slice body,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	struct attempt a CLEANUP(attempt_free) = {
	    .protocol = p,
	    .in = {.out = out, .options = o},
	};
	int rc;

	if (send_once(r, &a, url, headers, body, e) < 0)
		return -1;
	if (a.result.end == HTTP_STOPPED)
		return model_stopped(e);
	if (a.result.end == HTTP_LATE)
		return model_too_late(e);
	if (a.mode == MODE_STREAM || a.mode == MODE_WHOLE ||
	    (a.result.end == HTTP_DONE && a.result.head.status >= 200 &&
		a.result.head.status <= 299)) {
		settle(&a);
		return 1;
	}
	rc = failed(r, &a, e);
	if (rc == 1)
		reply_finish(out, &a.in.calls);
	return rc;
}

int
remote_call(struct remote *r, const struct protocol *p,
    const char *const *headers, struct slice body,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	const char *all[12] = {"Content-Type: application/json",
	    "Accept: text/event-stream, application/json",
	    "Expect:" /* else libcurl waits a second before a large body */};
	struct buf url CLEANUP_BUF = {0};
	size_t i, n = 3;
	int rc;

	for (i = 0; headers[i] != NULL && n + 1 < COUNT_OF(all); i++)
		all[n++] = headers[i];
	buf_printf(&url, "%s%s", r->base, p->path);
	for (out->attempts = 1;; out->attempts++) {
		rc = attempt(r, p, buf_str(&url), all, body, o, out, e);
		if (rc > 0)
			return 0;
		if (rc < 0)
			return err_wrap(e, "%s", p->name);
	}
}
