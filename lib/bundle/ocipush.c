/* oci_push: layers, configuration, and only then the manifest under its tag. */
#include "base/mem.h"
#include "bundle/ocilayer.h"
#include "bundle/ociupload.h"

struct push {
	struct oci_registry registry;
	struct oci_layers layers;
	struct buf config, manifest;
};

static void
push_free(struct push *p)
{
	oci_close(&p->registry);
	oci_layers_free(&p->layers);
	buf_free(&p->config);
	buf_free(&p->manifest);
}

static int
put_layers(struct push *p, const struct oci_options *o, struct oci_pushed *out,
    struct err *e)
{
	const struct oci_image *image = &p->layers.image;
	size_t i;

	for (i = 0; i < image->count; i++) {
		struct oci_blob blob = {.digest = image->layer[i].digest,
		    .size = image->layer[i].size,
		    .fd = p->layers.fd[i]};
		bool sent = true;

		if (oci_upload(&p->registry, &blob, o, &sent, e) < 0)
			return -1;
		out->sent += sent;
		out->bytes += sent ? blob.size : 0;
	}
	out->layers = image->count;
	return 0;
}

static int
put_config(struct push *p, const struct oci_options *o, struct err *e)
{
	struct oci_image *image = &p->layers.image;
	struct oci_options quiet = *o;
	struct oci_blob blob = {.fd = -1};
	bool sent;

	quiet.progress = NULL;
	oci_config_write(image, &p->config);
	digest_of(p->config.data, p->config.len, &image->config);
	image->config_size = (int64_t)p->config.len;
	blob.digest = image->config;
	blob.size = image->config_size;
	blob.text = (struct slice){p->config.data, p->config.len};
	return oci_upload(&p->registry, &blob, &quiet, &sent, e);
}

static int
put_manifest(struct push *p, struct oci_pushed *out, struct err *e)
{
	struct oci_reply reply CLEANUP(oci_reply_free) = {0};
	char *url CLEANUP_FREE =
	    oci_url(&p->registry, "manifests/%s", p->registry.ref.tag);
	struct oci_call call = {.method = HTTP_PUT,
	    .url = url,
	    .headers = {"Content-Type: " OCI_TYPE_MANIFEST}};
	char want[OCI_DIGEST];
	const char *got;

	oci_manifest_write(&p->layers.image, &p->manifest);
	digest_of(p->manifest.data, p->manifest.len, &out->digest);
	call.body = (struct slice){p->manifest.data, p->manifest.len};
	if (oci_send_again(&p->registry, &call, &reply, e) < 0)
		return -1;
	if (reply.result.head.status != 201)
		return oci_refused(&p->registry, &reply, "the manifest", e);
	oci_digest_text(&out->digest, want);
	got = reply.result.head.content_digest;
	if (got[0] != '\0' && strcmp(got, want) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "the registry '%s' keeps another manifest than it was sent",
		    p->registry.ref.host);
	return 0;
}

int
oci_push(struct chain *c, const struct oci_ref *ref,
    const struct oci_options *o, struct oci_pushed *out, struct err *e)
{
	struct push p = {0};
	struct oci_pushed pushed = {0};
	struct oci_options all = *o;
	size_t i;
	int r;

	if (ref->tag[0] == '\0')
		return err_set(
		    e, EX_USAGE, 0, "give a tag to push to: HOST/NAME:TAG");
	if (oci_open(ref, o->plain, &p.registry, e) < 0)
		return -1;
	for (i = 0; i < c->count; i++)
		all.total += c->layer[i]->frames.file;
	r = oci_layers_make(c, &all, &p.layers, e);
	if (r == 0)
		r = put_layers(&p, &all, &pushed, e);
	if (r == 0)
		r = put_config(&p, o, e);
	if (r == 0)
		r = put_manifest(&p, &pushed, e);
	push_free(&p);
	if (r == 0)
		*out = pushed;
	return r;
}
