#include "bundle/ociupload.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/num.h"
#include "bundle/ocidoc.h"

/* What is larger goes in chunks, which can be gone on with. */
#define CHUNK     ((int64_t)16 << 20)
#define CHUNK_MAX ((int64_t)1 << 30)

#define TYPE_BYTES "Content-Type: application/octet-stream"

struct upload {
	struct oci_registry *registry;
	const struct oci_blob *blob;
	const struct oci_options *options;
	char *location; /* where it goes on; owned */
	int64_t chunk, told;
	struct oci_reply reply;
};

/* What an attempt came to. */
enum { FAILED = -1, BROKEN, DONE };

static void
upload_free(struct upload *u)
{
	free(u->location);
	oci_reply_free(&u->reply);
}

static void
tell(void *arg, int64_t n)
{
	struct upload *u = arg;

	u->told += n;
	if (u->options->progress != NULL)
		u->options->progress(
		    u->options->arg, "sending", n, u->options->total);
}

static long
status(const struct upload *u)
{
	return u->reply.result.head.status;
}

/* 1: it is there; 0: not; -1. */
static int
is_there(struct upload *u, struct err *e)
{
	char digest[OCI_DIGEST];
	char *url CLEANUP_FREE = NULL;
	struct oci_call call = {.method = HTTP_HEAD};

	oci_digest_text(&u->blob->digest, digest);
	url = oci_url(u->registry, "blobs/%s", digest);
	call.url = url;
	if (oci_send_again(u->registry, &call, &u->reply, e) < 0)
		return -1;
	/* Some keep blobs elsewhere, and say where. */
	if (status(u) == 200 || status(u) == 302 || status(u) == 307)
		return 1;
	return status(u) == 404
		   ? 0
		   : oci_refused(u->registry, &u->reply, "a look", e);
}

/* The next place, from the reply to a request for `url`. */
static int
move_on(struct upload *u, const char *url, struct err *e)
{
	char *next = NULL;

	if (oci_location(u->registry, url, &u->reply, &next, e) < 0)
		return -1;
	free(u->location);
	u->location = next;
	return 0;
}

static int
begin(struct upload *u, struct err *e)
{
	char *url CLEANUP_FREE = oci_url(u->registry, "blobs/uploads/");
	struct oci_call call = {
	    .method = HTTP_POST, .url = url, .headers = {TYPE_BYTES}};
	int64_t min;

	if (oci_send_again(u->registry, &call, &u->reply, e) < 0)
		return -1;
	if (status(u) != 202)
		return oci_refused(u->registry, &u->reply, "an upload", e);
	u->chunk = CHUNK;
	if (num_int(u->reply.result.head.chunk_min, CHUNK, CHUNK_MAX, &min) ==
	    0)
		u->chunk = min;
	return move_on(u, url, e);
}

/* ---- chunks ----------------------------------------------------------------------------- */

/* "0-N", the first and the last byte that arrived: how many did. */
static int
arrived(const char *range, int64_t *out)
{
	const char *dash = strchr(range, '-');
	int64_t last;

	if (dash == NULL || num_int(dash + 1, 0, OCI_BLOB_MAX, &last) < 0)
		return -1;
	/* "0-0" is said of nothing, too: no chunk is one byte. */
	*out = last == 0 ? 0 : last + 1;
	return 0;
}

/* How far did it come before the connection broke? */
static int
ask(struct upload *u, int64_t *at, struct err *e)
{
	char *url CLEANUP_FREE = mem_strdup(u->location);
	struct oci_call call = {.url = url};
	int64_t got;

	if (oci_send_again(u->registry, &call, &u->reply, e) < 0)
		return FAILED;
	if (status(u) != 204 || arrived(u->reply.result.head.range, &got) < 0 ||
	    got > u->blob->size)
		return BROKEN; /* this upload is no more */
	*at = got;
	if (u->reply.result.head.location[0] != '\0' && move_on(u, url, e) < 0)
		return FAILED;
	return DONE;
}

static int
send_chunk(struct upload *u, int64_t *at, struct err *e)
{
	char *url CLEANUP_FREE = mem_strdup(u->location);
	int64_t n =
	    u->blob->size - *at < u->chunk ? u->blob->size - *at : u->chunk;
	struct http_file file = {u->blob->fd, *at, n, tell};
	char range[80];
	struct oci_call call = {.method = HTTP_PATCH,
	    .url = url,
	    .headers = {TYPE_BYTES, range},
	    .file = &file,
	    .arg = u};

	(void)snprintf(range, sizeof(range),
	    "Content-Range: %" PRId64 "-%" PRId64, *at, *at + n - 1);
	if (oci_send(u->registry, &call, &u->reply, e) < 0)
		return FAILED;
	if (oci_is_broken(&u->reply) || status(u) == 416)
		return BROKEN;
	if (status(u) != 202)
		return oci_refused(u->registry, &u->reply, "a part", e);
	*at += n;
	return move_on(u, url, e) < 0 ? FAILED : DONE;
}

static int
send_chunks(struct upload *u, struct err *e)
{
	int64_t at = 0;
	int tries = 0, r;

	while (at < u->blob->size) {
		r = send_chunk(u, &at, e);
		if (r == FAILED)
			return FAILED;
		if (r == DONE) {
			tries = 0;
			continue;
		}
		if (!oci_wait(&tries))
			return BROKEN;
		r = ask(u, &at, e);
		if (r != DONE)
			return r;
		tell(u, at - u->told);
	}
	return DONE;
}

/* ---- an attempt ------------------------------------------------------------------------- */

/* The request that ends an upload, with all of it or the rest: nothing. */
static int
finish(struct upload *u, bool whole, struct err *e)
{
	struct http_file file = {u->blob->fd, 0, u->blob->size, tell};
	char digest[OCI_DIGEST];
	char *url CLEANUP_FREE = NULL;
	struct oci_call call = {
	    .method = HTTP_PUT, .headers = {TYPE_BYTES}, .arg = u};

	oci_digest_text(&u->blob->digest, digest);
	url = mem_printf("%s%cdigest=%s", u->location,
	    strchr(u->location, '?') == NULL ? '?' : '&', digest);
	call.url = url;
	if (whole && u->blob->fd >= 0)
		call.file = &file;
	else if (whole)
		call.body = u->blob->text;
	if (oci_send(u->registry, &call, &u->reply, e) < 0)
		return FAILED;
	if (oci_is_broken(&u->reply) || status(u) == 404)
		return BROKEN;
	return status(u) == 201
		   ? DONE
		   : oci_refused(u->registry, &u->reply, "a layer", e);
}

static int
attempt(struct upload *u, struct err *e)
{
	bool whole = u->blob->fd < 0 || u->blob->size <= CHUNK;
	int r;

	if (begin(u, e) < 0)
		return FAILED;
	r = whole ? DONE : send_chunks(u, e);
	return r == DONE ? finish(u, whole, e) : r;
}

static int
lost(const struct upload *u, struct err *e)
{
	if (oci_is_broken(&u->reply))
		return oci_refused(u->registry, &u->reply, "a layer", e);
	return err_set(e, EX_UNAVAILABLE, 0,
	    "the registry '%s' loses what is sent to it",
	    u->registry->ref.host);
}

int
oci_upload(struct oci_registry *registry, const struct oci_blob *blob,
    const struct oci_options *o, bool *sent, struct err *e)
{
	struct upload u CLEANUP(upload_free) = {
	    .registry = registry, .blob = blob, .options = o};
	int r, tries = 0;

	for (;;) {
		/* Also after a broken end: it may have arrived. */
		r = is_there(&u, e);
		if (r == 0)
			r = attempt(&u, e);
		else if (r > 0 && tries == 0)
			*sent = false;
		if (r == FAILED)
			return -1;
		if (r == DONE)
			break;
		if (!oci_wait(&tries))
			return lost(&u, e);
		tell(&u, -u.told);
	}
	tell(&u, blob->size - u.told);
	return 0;
}
