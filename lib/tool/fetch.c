/*
 * http_get, by the runner itself: each hop is decided by the net grants, and
 * each address that a name turns out to have once more (reach.h).  A hop whose
 * grants name a secret has its credential, over https alone, and what comes
 * back is without the values of any.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/http.h"
#include "base/secret.h"
#include "base/url.h"
#include "sandbox/reach.h"
#include "tool/exposure.h"
#include "tool/inside.h"
#include "tool/stream.h"

#define FETCH_MOST ((size_t)16 << 20) /* bytes of a body */
#define FETCH_HOPS 10                 /* redirects followed */
#define FETCH_PEEK 8192               /* bytes that tell text from others */

struct fetch {
	const struct tool *tool;
	const struct tool_context *ctx;
	unsigned labels;             /* of what is asked for, and was told */
	struct url url;              /* of this hop */
	char *first;                 /* the resource of the first */
	struct decision decision;    /* which granted it */
	const struct secret *secret; /* that it goes with, or NULL */
	struct scrub scrub;
	struct tool_stream body;
	bool refused;     /* an address was */
	bool spent;       /* the grant's bytes are used up */
	bool encoded;     /* the body could hide a value */
	char address[64]; /* that one */
};

static bool
is_redirect(const struct http_head *h)
{
	return (h->status == 301 || h->status == 302 || h->status == 303 ||
		   h->status == 307 || h->status == 308) &&
	       h->location[0] != '\0';
}

/* From the grants of this hop. */
static bool
take(struct fetch *f, int64_t uses, int64_t bytes)
{
	if (f->ctx->meter != NULL &&
	    !policy_take(f->ctx->meter, &f->decision, uses, bytes))
		f->spent = true;
	return !f->spent;
}

static int
on_data(void *arg, const struct http_head *head, const char *data, size_t n)
{
	struct buf clean CLEANUP_BUF = {0};
	struct fetch *f = arg;

	if (!take(f, 0, (int64_t)n))
		return HTTP_REFUSE;
	f->encoded = f->secret != NULL && head->content_encoding[0] != '\0' &&
		     strcasecmp(head->content_encoding, "identity") != 0;
	if (f->encoded)
		return HTTP_REFUSE;
	scrub_add(&f->scrub, data, n, &clean);
	stream_add(&f->body, buf_str(&clean), clean.len);
	return HTTP_MORE;
}

static struct reach
reach_of(const struct fetch *f)
{
	return (struct reach){.policy = f->ctx->policy,
	    .workspace = f->ctx->workspace,
	    .tool = f->tool->name,
	    .now = f->ctx->now,
	    .labels = f->labels};
}

static bool
permit(void *arg, const struct sockaddr *to)
{
	struct fetch *f = arg;
	struct reach r = reach_of(f);

	if (reach_address(&r, &f->decision, f->url.host, to, f->address))
		return true;
	f->refused = true;
	return false;
}

/* One hop; 0 with its end, -1 when there is nothing to try it with. */
static int
hop(struct fetch *f, struct http *http, int64_t deadline, int stop_fd,
    struct http_result *out, struct err *e)
{
	const char *const headers[] = {
	    "Accept: text/*, application/json, */*;q=0.1",
	    f->secret == NULL ? NULL : f->secret->header, NULL};
	const struct http_request req = {.url = f->url.text,
	    .headers = headers,
	    .deadline = deadline,
	    .max = FETCH_MOST,
	    .stop_fd = stop_fd,
	    .on_data = on_data,
	    .permit = permit,
	    .arg = f};
	struct buf rest CLEANUP_BUF = {0};
	int r;

	f->refused = false;
	stream_free(&f->body);
	stream_init(&f->body, -1, f->tool->max_output);
	r = http_perform(http, &req, out, e);
	scrub_end(&f->scrub, &rest);
	stream_add(&f->body, buf_str(&rest), rest.len);
	return r;
}

static void
say(struct tool_result *out, enum tool_status status, const char *text)
{
	out->status = status;
	text_clean(&out->text, text, strlen(text));
}

/* An approval is for the host that was asked for. */
static bool
beyond(const struct fetch *f, const char *resource, struct decision *d)
{
	struct reach r = reach_of(f);

	if (f->ctx->own == NULL || strcmp(resource, f->first) == 0)
		return false;
	r.policy = f->ctx->own;
	reach_host(&r, resource, d);
	return d->verdict != GRANT_ALLOW;
}

/* With the credential that this hop's grants name, if they do. */
static void
present(struct fetch *f, struct decision *d)
{
	const char *why = NULL;

	if (d->verdict != GRANT_ALLOW)
		return;
	if (!reach_secret(d, f->scrub.secrets, &f->secret))
		why = REACH_NO_SECRET;
	else if (f->secret != NULL && !f->url.tls)
		why = "its grant is with a secret, which goes over https alone";
	if (why == NULL)
		return;
	d->verdict = GRANT_DENY;
	(void)snprintf(d->why, sizeof(d->why), "%s", why);
}

/* Is this hop granted?  Else the result says why not. */
static bool
granted(struct fetch *f, bool redirected, struct tool_result *out)
{
	char *resource CLEANUP_FREE = url_resource(&f->url);
	struct reach r = reach_of(f);
	struct decision d;

	if (!redirected)
		f->first = mem_strdup(resource);
	if (beyond(f, resource, &d)) {
		buf_printf(&out->text, "redirected to %s: ", f->url.text);
		say(out, TOOL_DENIED, d.why);
		return false;
	}
	reach_host(&r, resource, &d);
	present(f, &d);
	f->decision = d;
	if (d.verdict == GRANT_ALLOW &&
	    take(f, 1, (int64_t)strlen(f->url.text)))
		return true;
	if (f->spent)
		(void)snprintf(
		    d.why, sizeof(d.why), "the grant's bytes are used up");
	if (redirected)
		buf_printf(&out->text, "redirected to %s: ", f->url.text);
	say(out, TOOL_DENIED, d.why);
	return false;
}

/* A last reply, good or bad, as the call's result. */
static void
answer(
    const struct fetch *f, const struct http_result *h, struct tool_result *out)
{
	size_t peek =
	    f->body.head.len < FETCH_PEEK ? f->body.head.len : FETCH_PEEK;

	out->status = h->head.status >= 200 && h->head.status < 300
			  ? TOOL_OK
			  : TOOL_FAILED;
	if (out->status == TOOL_FAILED)
		buf_printf(&out->text, "[HTTP status %ld]\n", h->head.status);
	if (inside_is_binary(buf_str(&f->body.head), peek)) {
		out->status = TOOL_FAILED;
		buf_printf(&out->text, "not text, but %llu bytes of type ",
		    (unsigned long long)f->body.bytes);
		text_clean(&out->text, h->head.content_type,
		    strlen(h->head.content_type));
		return;
	}
	stream_text(&f->body, &out->text);
}

/* How a hop that brought no whole reply is told. */
static void
explain(
    const struct fetch *f, const struct http_result *h, struct tool_result *out)
{
	switch (h->end) {
	case HTTP_LATE:
		say(out, TOOL_TIMEOUT, "the server took too long");
		break;
	case HTTP_TOO_LARGE:
		say(out, TOOL_FAILED, "the document is larger than 16 MiB");
		break;
	default:
		if (f->spent) {
			say(out, TOOL_DENIED, "the grant's bytes are used up");
			break;
		}
		if (f->encoded) {
			say(out, TOOL_FAILED,
			    "the host's answer is encoded, so it is not taken");
			break;
		}
		if (!f->refused) {
			buf_printf(
			    &out->text, "cannot fetch %s: ", f->url.text);
			say(out, TOOL_FAILED, h->why);
			break;
		}
		buf_printf(&out->text, "%s leads to ", f->url.host);
		buf_printf(&out->text, "%s, which is not granted by itself",
		    f->address);
		out->status = TOOL_DENIED;
	}
}

/* Go where the reply points: false when the result says why not. */
static bool
follow(struct fetch *f, const struct http_head *head, struct tool_result *out)
{
	struct err e = {0};
	struct url next;

	if (strlen(head->location) + 1 >= sizeof(head->location)) {
		say(out, TOOL_FAILED, "the redirect's URL is too long");
		return false;
	}
	if (secrets_in(
		f->scrub.secrets, head->location, strlen(head->location))) {
		say(out, TOOL_FAILED, "the redirect's URL holds a secret");
		return false;
	}
	if (url_follow(&f->url, head->location, &next, &e) < 0) {
		buf_puts(&out->text, "redirected to a ");
		say(out, TOOL_FAILED, e.msg);
		return false;
	}
	url_free(&f->url);
	f->url = next;
	return granted(f, true, out);
}

/* What the host says tells where to go next. */
static void
hear(struct fetch *f)
{
	char *resource CLEANUP_FREE = url_resource(&f->url);
	const struct grant_query q = {.kind = GRANT_NET, .resource = resource};

	f->labels |= policy_labels(f->ctx->policy, &q) | LABEL_TAINTED;
}

/* All hops; 0 with a result. */
static int
run_fetch(struct fetch *f, struct http *http, int stop_fd,
    struct tool_result *out, struct err *e)
{
	int64_t deadline = clock_deadline(f->tool->timeout);
	struct http_result h;
	int i;

	if (!granted(f, false, out))
		return 0;
	for (i = 0; i <= FETCH_HOPS; i++) {
		if (hop(f, http, deadline, stop_fd, &h, e) < 0)
			return -1;
		hear(f);
		if (h.end == HTTP_STOPPED)
			return err_set(e, EX_TEMPFAIL, 0, "stopped");
		if (h.end != HTTP_DONE) {
			explain(f, &h, out);
			return 0;
		}
		if (!is_redirect(&h.head)) {
			answer(f, &h, out);
			return 0;
		}
		if (!follow(f, &h.head, out))
			return 0;
	}
	say(out, TOOL_FAILED, "redirected too often");
	return 0;
}

int
tool_fetch(const struct tool *tool, const struct json *arguments,
    const struct tool_context *ctx, int stop_fd, struct tool_result *out,
    struct err *e)
{
	const char *text = json_get_string(arguments, "url");
	static const struct secrets none = {0};
	const struct secrets *all =
	    ctx->launcher == NULL ? NULL : launcher_secrets(ctx->launcher);
	struct exposure x CLEANUP(exposure_free) = {0};
	struct fetch f = {.tool = tool,
	    .ctx = ctx,
	    .scrub.secrets = all == NULL ? &none : all};
	int64_t started = clock_mono();
	struct tool_result result;
	struct err bad = {0};
	struct http *http;
	int r = 0;

	exposure_find(tool, arguments, ctx, &x);
	f.labels = x.labels;
	tool_result_init(&result);
	stream_init(&f.body, -1, tool->max_output);
	if (url_parse(text == NULL ? "" : text, &f.url, &bad) < 0) {
		say(&result, TOOL_FAILED, bad.msg);
	} else {
		http_open(&http);
		r = run_fetch(&f, http, stop_fd, &result, e);
		http_close(http);
	}
	secrets_scrub_buf(f.scrub.secrets, &result.text);
	result.labels = f.labels | LABEL_TAINTED;
	url_free(&f.url);
	free(f.first);
	stream_free(&f.body);
	result.ns = clock_mono() - started;
	if (r < 0)
		tool_result_free(&result);
	else
		*out = result;
	return r;
}
