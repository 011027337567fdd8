/* oci_pull: an image's bundles as files, each with its name when it is
 * proved. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "bundle/check.h"
#include "bundle/ocifetch.h"
#include "bundle/ocilayer.h"
#include "bundle/save.h"

struct pulling {
	struct oci_registry registry;
	struct oci_options options;
	int dir;
	struct oci_image image;
	bool *there;                   /* one a layer: its file is */
	bool *made;                    /* by us */
	struct bundle *below;          /* the last one that was proved */
	const struct oci_layer *layer; /* in hand */
	char name[sizeof(((struct oci_pulled *)0)->name)];
};

static void
pulling_free(struct pulling *p)
{
	oci_close(&p->registry);
	oci_image_free(&p->image);
	free(p->there);
	free(p->made);
	bundle_close(p->below);
}

static void
take_layer(struct pulling *p, size_t i)
{
	p->layer = &p->image.layer[i];
	(void)snprintf(
	    p->name, sizeof(p->name), "%" PRId64 ".tar.zst", p->layer->seq);
}

/* ---- the documents ---------------------------------------------------------------------- */

static int
check_reply(
    const struct pulling *p, const struct oci_reply *reply, struct err *e)
{
	const struct oci_ref *ref = &p->registry.ref;
	const struct http_head *h = &reply->result.head;
	size_t type = strcspn(h->content_type, "; ");
	struct digest d;
	char text[OCI_DIGEST];

	if (h->status != 200)
		return oci_refused(&p->registry, reply, "the image", e);
	if (type != sizeof(OCI_TYPE_MANIFEST) - 1 ||
	    memcmp(h->content_type, OCI_TYPE_MANIFEST, type) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "'%s/%s' is no image of bundles: it is of type '%.90s'",
		    ref->host, ref->name, h->content_type);
	digest_of(reply->body.data, reply->body.len, &d);
	oci_digest_text(&d, text);
	if ((ref->tag[0] == '\0' && !digest_equal(&d, &ref->digest)) ||
	    (h->content_digest[0] != '\0' &&
		strcmp(h->content_digest, text) != 0))
		return err_set(e, EX_DATAERR, 0,
		    "the registry '%s' gives another manifest than it says",
		    ref->host);
	return 0;
}

static int
fetch_image(struct pulling *p, struct err *e)
{
	const struct oci_ref *ref = &p->registry.ref;
	struct oci_reply reply CLEANUP(oci_reply_free) = {0};
	struct buf config CLEANUP_BUF = {0};
	char digest[OCI_DIGEST];
	char *url CLEANUP_FREE = NULL;
	struct oci_call call = {.headers = {"Accept: " OCI_TYPE_MANIFEST}};

	oci_digest_text(&ref->digest, digest);
	url = oci_url(&p->registry, "manifests/%s",
	    ref->tag[0] == '\0' ? digest : ref->tag);
	call.url = url;
	if (oci_send_again(&p->registry, &call, &reply, e) < 0 ||
	    check_reply(p, &reply, e) < 0 ||
	    oci_manifest_parse(
		buf_str(&reply.body), reply.body.len, &p->image, e) < 0 ||
	    oci_fetch_text(&p->registry, &p->image.config, p->image.config_size,
		&config, e) < 0)
		return -1;
	return oci_config_parse(buf_str(&config), config.len, &p->image, e);
}

/* ---- one bundle ------------------------------------------------------------------------- */

/* Is it what the image says, and does it follow the one before? */
static int
check_place(const struct pulling *p, const struct bundle *b,
    const struct digest *plain, struct err *e)
{
	const struct manifest *m = &b->manifest;
	const char *what = NULL;

	if (!digest_equal(plain, &p->layer->plain))
		what = "unpacks to something else than the image says";
	else if (!digest_equal(&b->id, &p->layer->bundle) ||
		 m->seq != p->layer->seq)
		what = "is another bundle than the image says";
	else if (p->below == NULL ? m->has_parent
				  : !m->has_parent || !bundle_stands_for(
							  p->below, &m->parent))
		what = "does not follow the one before it";
	return what == NULL
		   ? 0
		   : err_set(e, EX_DATAERR, 0, "'%s' %s", p->name, what);
}

static int
prove(struct pulling *p, int fd, struct err *e)
{
	struct reader_options o = {
	    .key = p->options.key, .max_bytes = p->options.max_bytes};
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct bundle *b CLEANUP_BUNDLE = NULL;
	struct digest plain;

	if (copy < 0)
		return err_set(e, EX_IOERR, errno, "too many files");
	if (bundle_open(copy, p->name, &o, &b, e) < 0 ||
	    bundle_check(b, &(struct check_options){.plain = &plain}, e) < 0 ||
	    check_place(p, b, &plain, e) < 0)
		return -1;
	bundle_close(p->below);
	p->below = b;
	b = NULL;
	return 0;
}

static int
fill(void *arg, int fd, struct err *e)
{
	struct pulling *p = arg;

	if (oci_fetch(&p->registry, &p->layer->digest, p->layer->size, fd,
		&p->options, e) < 0)
		return -1;
	return prove(p, fd, e);
}

/* A file that has the name already must be the one. */
static int
look(struct pulling *p, bool *there, struct err *e)
{
	int fd CLEANUP_FD = -1;
	struct digest d;
	struct stat st;

	fd = openat(
	    p->dir, p->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*there = fd >= 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == p->layer->size) {
		if (oci_sum(fd, st.st_size, &p->options, &d, e) < 0)
			return -1;
		if (digest_equal(&d, &p->layer->digest))
			return 0;
	}
	return err_set(e, EX_CANTCREAT, 0,
	    "'%s' is there, and is another file: choose another folder",
	    p->name);
}

static int
use(struct pulling *p, struct err *e)
{
	int fd CLEANUP_FD = -1;

	return file_open(p->dir, p->name, O_RDONLY | O_NOFOLLOW, 0, &fd, e) < 0
		   ? -1
		   : prove(p, fd, e);
}

/* ---- all of them ------------------------------------------------------------------------ */

static int
pull_all(struct pulling *p, void (*each)(void *arg, const struct oci_pulled *),
    void *arg, struct err *e)
{
	struct oci_pulled told;
	size_t i;

	for (i = 0; i < p->image.count; i++) {
		take_layer(p, i);
		if (p->layer->cover)
			continue;
		if (p->there[i] ? use(p, e) < 0
				: save_durably(p->dir, p->name, fill, p, e) < 0)
			return -1;
		p->made[i] = !p->there[i];
		told = (struct oci_pulled){.seq = p->layer->seq,
		    .size = p->layer->size,
		    .bundle = p->layer->bundle,
		    .fetched = p->made[i]};
		memcpy(told.name, p->name, sizeof(told.name));
		each(arg, &told);
	}
	return 0;
}

/* Of an image that lies, nothing is kept. */
static void
take_back(struct pulling *p)
{
	struct err e;
	size_t i;

	for (i = p->image.count; i-- > 0;) {
		take_layer(p, i);
		if (p->made[i])
			(void)unlinkat(p->dir, p->name, 0);
	}
	(void)file_sync(p->dir, "the folder", &e);
}

static int
pull(struct pulling *p, void (*each)(void *arg, const struct oci_pulled *),
    void *arg, struct err *e)
{
	size_t i;
	int r;

	if (flock(p->dir, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, EX_TEMPFAIL, 0,
		    "another pull is at work in this folder");
	if (bundle_sweep(p->dir, e) < 0 || fetch_image(p, e) < 0)
		return -1;
	p->there = mem_new(p->image.count, sizeof(bool));
	p->made = mem_new(p->image.count, sizeof(bool));
	for (i = 0; i < p->image.count; i++) {
		take_layer(p, i);
		if (!p->layer->cover && look(p, &p->there[i], e) < 0)
			return -1;
		if (!p->there[i] && !p->layer->cover)
			p->options.total += p->layer->size;
	}
	r = pull_all(p, each, arg, e);
	if (r < 0 && (e->status == EX_DATAERR || e->status == EX_LIMIT))
		take_back(p);
	return r;
}

int
oci_pull(const struct oci_ref *ref, int dir, const struct oci_options *o,
    void (*each)(void *arg, const struct oci_pulled *), void *arg,
    struct err *e)
{
	struct pulling p = {.options = *o, .dir = dir};
	int r;

	if (oci_open(ref, o->plain, &p.registry, e) < 0)
		return -1;
	r = pull(&p, each, arg, e);
	pulling_free(&p);
	return r;
}
