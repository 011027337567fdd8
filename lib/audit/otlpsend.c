#include "audit/otlpsend.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/rand.h"

#define REPLY_MAX ((size_t)1 << 20)
#define WAIT_MAX  ((int64_t)60)

static int
on_data(void *arg, const struct http_head *head, const char *data, size_t n)
{
	(void)head;
	buf_add(arg, data, n);
	return HTTP_MORE;
}

/* Throttled or not there just now; all else stays as it is. */
static bool
worth_another(const struct http_result *r)
{
	switch (r->head.status) {
	case 0:
		return r->end == HTTP_BROKEN || r->end == HTTP_LATE;
	case 429:
	case 502:
	case 503:
	case 504:
		return true;
	default:
		return false;
	}
}

static int64_t
wait_for(
    const struct otlp_target *t, const struct http_result *r, unsigned attempt)
{
	int64_t seconds, wait = t->wait << (attempt < 10 ? attempt : 10);

	if (num_int(r->head.retry_after, 0, INT32_MAX, &seconds) == 0)
		return (seconds > WAIT_MAX ? WAIT_MAX : seconds) * CLOCK_SECOND;
	if (wait > WAIT_MAX * CLOCK_SECOND)
		wait = WAIT_MAX * CLOCK_SECOND;
	/* A quarter of it at random, so that many do not come at once. */
	return wait - (int64_t)rand_below((uint64_t)wait / 4 + 1);
}

/* True: stopped. */
static bool
sleep_for(const struct otlp_target *t, int64_t ns)
{
	struct pollfd p = {.fd = t->stop_fd, .events = POLLIN};

	return poll(&p, 1, (int)(ns / CLOCK_MILLI) + 1) > 0;
}

/* ExportTraceServiceResponse: what was not taken.  A reply that is none is no
 * failure, for the spans were accepted. */
static void
read_partial(const struct buf *reply, struct otlp_partial *out)
{
	struct json *j CLEANUP_JSON = NULL;
	const struct json *p;
	const char *text;
	struct err e;
	int64_t n = 0;

	if (json_parse(buf_str(reply), reply->len, &j, &e) < 0)
		return;
	p = json_get(j, "partialSuccess");
	text = json_get_string(p, "rejectedSpans");
	if (text != NULL)
		(void)num_int(text, 0, INT64_MAX / 2, &n);
	else
		n = json_get_integer(p, "rejectedSpans", 0);
	if (n > 0 && out->rejected < INT64_MAX / 2)
		out->rejected += n;
	text = json_get_string(p, "errorMessage");
	if (text != NULL && text[0] != '\0')
		(void)snprintf(
		    out->message, sizeof(out->message), "%.255s", text);
}

static int
refused(const struct otlp_target *t, const struct http_result *r,
    const struct buf *reply, unsigned attempts, struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	const char *why = NULL;
	struct err skipped;

	if (json_parse(buf_str(reply), reply->len, &j, &skipped) == 0)
		why = json_get_string(j, "message");
	if (r->head.status == 0)
		return err_set(e, EX_UNAVAILABLE, 0,
		    "no reply from '%s' after %u attempts: %s", t->url,
		    attempts, r->end == HTTP_LATE ? "too slow" : r->why);
	return err_set(e, EX_UNAVAILABLE, 0, "'%s' answers %ld%s%.200s", t->url,
	    r->head.status, why == NULL ? "" : ": ", why == NULL ? "" : why);
}

int
otlp_send(const struct otlp_target *t, struct slice request,
    struct otlp_partial *partial, struct err *e)
{
	struct buf reply CLEANUP_BUF = {.max = REPLY_MAX};
	struct http_request req = {.url = t->url,
	    .headers = t->headers,
	    .method = HTTP_POST,
	    .body = request,
	    .max = REPLY_MAX,
	    .stop_fd = t->stop_fd,
	    .on_data = on_data,
	    .arg = &reply};
	struct http_result r;
	unsigned n;

	for (n = 0;; n++) {
		buf_clear(&reply);
		req.deadline = clock_deadline(t->timeout);
		if (http_perform(t->http, &req, &r, e) < 0)
			return -1;
		if (r.end == HTTP_STOPPED)
			return err_set(e, 130, 0, "stopped");
		if (r.head.status >= 200 && r.head.status < 300) {
			read_partial(&reply, partial);
			return 0;
		}
		if (!worth_another(&r) || n + 1 >= t->attempts)
			return refused(t, &r, &reply, n + 1, e);
		if (sleep_for(t, wait_for(t, &r, n)))
			return err_set(e, 130, 0, "stopped");
	}
}
