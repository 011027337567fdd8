#include "bundle/ocifetch.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { HOPS = 5 };
/* Progress that makes up for a broken connection. */
#define ENOUGH ((int64_t)1 << 20)

struct fetch {
	struct oci_registry *registry;
	const struct oci_options *options; /* NULL: no progress */
	int64_t size, at;
	int fd; /* -1: `text` */
	struct buf *text;
	struct sha256 sum;
	bool fresh; /* nothing came of this reply yet */
	struct oci_reply reply;
};

static void
tell(const struct fetch *f, int64_t n)
{
	if (f->options != NULL && f->options->progress != NULL)
		f->options->progress(
		    f->options->arg, "fetching", n, f->options->total);
}

static int
start_over(struct fetch *f, struct err *e)
{
	tell(f, -f->at);
	f->at = 0;
	sha256_init(&f->sum);
	if (f->fd < 0)
		buf_clear(f->text);
	else if (ftruncate(f->fd, 0) < 0 || lseek(f->fd, 0, SEEK_SET) != 0)
		return err_set(e, EX_IOERR, errno, "cannot start over");
	return 0;
}

/* A server need not know of ranges, and then gives all of it. */
static int
take_head(struct fetch *f, struct err *e)
{
	const struct http_head *h = &f->reply.result.head;
	char want[64];

	f->fresh = false;
	if (h->status != 206)
		return f->at == 0 ? 0 : start_over(f, e);
	(void)snprintf(want, sizeof(want), "bytes %" PRId64 "-", f->at);
	if (strncmp(h->content_range, want, strlen(want)) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "the registry '%s' gives another part than was asked for",
		    f->registry->ref.host);
	return 0;
}

static int
take(void *arg, const void *data, size_t n, struct err *e)
{
	struct fetch *f = arg;

	if (f->fresh && take_head(f, e) < 0)
		return -1;
	if ((int64_t)n > f->size - f->at)
		return err_set(e, EX_DATAERR, 0,
		    "the registry '%s' sends more than the %" PRId64
		    " bytes that there should be",
		    f->registry->ref.host, f->size);
	sha256_add(&f->sum, data, n);
	f->at += (int64_t)n;
	tell(f, (int64_t)n);
	if (f->fd >= 0)
		return file_write_all(f->fd, data, n, "the bundle", e);
	buf_add(f->text, data, n);
	return 0;
}

static bool
is_redirect(const struct oci_reply *r)
{
	long s = r->result.head.status;

	return r->result.end == HTTP_DONE && r->result.head.location[0] &&
	       (s == 301 || s == 302 || s == 303 || s == 307 || s == 308);
}

/* Where it lies, as the reply to a request for `*url` says. */
static int
follow(const struct fetch *f, char **url, struct err *e)
{
	const char *to = f->reply.result.head.location;
	struct url from = {0}, next = {0};
	int r = -1;

	if (url_parse(*url, &from, e) < 0)
		return -1;
	if (strlen(to) + 1 >= sizeof(f->reply.result.head.location))
		err_set(e, EX_DATAERR, 0, "a redirect's URL is too long");
	else if (url_follow(&from, to, &next, e) == 0)
		r = 0;
	if (r == 0 && !next.tls && f->registry->at.tls)
		r = err_set(e, EX_DATAERR, 0,
		    "the registry '%s' leads to '%.200s', in the clear",
		    f->registry->ref.host, next.host);
	if (r == 0) {
		free(*url);
		*url = mem_strdup(next.text);
	}
	url_free(&from);
	url_free(&next);
	return r;
}

static int
fetch_once(struct fetch *f, const char *digest, struct err *e)
{
	char *url CLEANUP_FREE = oci_url(f->registry, "blobs/%s", digest);
	const struct sink sink = {take, f};
	struct oci_call call = {.to = &sink, .max = f->size + 1};
	char range[64];
	int hops;

	(void)snprintf(
	    range, sizeof(range), "Range: bytes=%" PRId64 "-", f->at);
	if (f->at > 0)
		call.headers[0] = range;
	for (hops = 0; hops <= HOPS; hops++) {
		call.url = url;
		f->fresh = true;
		if (oci_send(f->registry, &call, &f->reply, e) < 0)
			return -1;
		if (!is_redirect(&f->reply))
			return 0;
		if (follow(f, &url, e) < 0)
			return -1;
	}
	return err_set(e, EX_DATAERR, 0,
	    "the registry '%s' leads from place to place",
	    f->registry->ref.host);
}

static int
check(
    struct fetch *f, const struct digest *want, const char *text, struct err *e)
{
	struct digest got;

	sha256_get(&f->sum, &got);
	if (f->at == f->size && digest_equal(&got, want))
		return 0;
	return err_set(e, EX_DATAERR, 0,
	    "what the registry '%s' gives for '%.19s…' is something else",
	    f->registry->ref.host, text);
}

static int
run(struct fetch *f, const struct digest *want, struct err *e)
{
	char text[OCI_DIGEST];
	int64_t before;
	long status;
	int tries = 0;

	oci_digest_text(want, text);
	sha256_init(&f->sum);
	do {
		before = f->at;
		if (fetch_once(f, text, e) < 0)
			return -1;
		if (f->at - before >= ENOUGH)
			tries = 0;
	} while (
	    oci_is_broken(&f->reply) && f->at < f->size && oci_wait(&tries));
	status = f->reply.result.head.status;
	if (f->at < f->size && oci_is_broken(&f->reply))
		return oci_refused(f->registry, &f->reply, "a layer", e);
	if (status == 404 || status == 410)
		return err_set(e, EX_DATAERR, 0,
		    "the registry '%s' has only a part of the image",
		    f->registry->ref.host);
	if (status != 200 && status != 206)
		return oci_refused(f->registry, &f->reply, "a layer", e);
	return check(f, want, text, e);
}

int
oci_fetch(struct oci_registry *r, const struct digest *want, int64_t size,
    int fd, const struct oci_options *o, struct err *e)
{
	struct fetch f = {.registry = r, .options = o, .size = size, .fd = fd};
	int rc = run(&f, want, e);

	oci_reply_free(&f.reply);
	return rc;
}

int
oci_fetch_text(struct oci_registry *r, const struct digest *want, int64_t size,
    struct buf *out, struct err *e)
{
	struct fetch f = {.registry = r, .size = size, .fd = -1, .text = out};
	int rc = run(&f, want, e);

	oci_reply_free(&f.reply);
	return rc;
}
