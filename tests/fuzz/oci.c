/*
 * The bytes are a name of an image, a challenge, a manifest and its
 * configuration, an auth file and a Location in turn.  What parses is within
 * its bounds; a name is what it is read from; an upload stays at its registry.
 */
#include <assert.h>

#include "base/mem.h"
#include "bundle/ocidoc.h"
#include "bundle/ociregistry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
name(const char *text)
{
	char digest[OCI_DIGEST], *again CLEANUP_FREE = NULL;
	struct oci_ref r, s;
	struct err e;

	if (oci_ref_parse(text, &r, &e) < 0) {
		assert(e.status == EX_USAGE);
		return;
	}
	assert(strstr(r.name, "..") == NULL && r.name[0] != '/');
	assert(strpbrk(r.host, "/@?# \t\r\n") == NULL && r.host[0] != '\0');
	oci_digest_text(&r.digest, digest);
	again = mem_printf("oci://%s/%s%c%s", r.host, r.name,
	    r.tag[0] == '\0' ? '@' : ':', r.tag[0] == '\0' ? digest : r.tag);
	assert(oci_ref_parse(again, &s, &e) == 0);
	assert(memcmp(&r, &s, sizeof(r)) == 0);
}

static void
challenge(const char *text, size_t len)
{
	struct oci_challenge c;

	oci_challenge_parse(text, len, &c);
	assert(c.scheme != OCI_BEARER || c.realm[0] != '\0');
	assert(memchr(c.realm, '\0', sizeof(c.realm)) != NULL);
	assert(memchr(c.service, '\0', sizeof(c.service)) != NULL);
	assert(memchr(c.scope, '\0', sizeof(c.scope)) != NULL);
}

static void
documents(const char *text, size_t len)
{
	struct oci_image image;
	struct err e;
	size_t i;

	if (oci_manifest_parse(text, len, &image, &e) < 0) {
		assert(e.status == EX_DATAERR);
		return;
	}
	assert(image.count > 0 && image.count <= OCI_LAYERS);
	assert(!image.layer[image.count - 1].cover);
	for (i = 0; i < image.count; i++) {
		assert(image.layer[i].seq > 0);
		assert(image.layer[i].size > 0);
		assert(image.layer[i].size <= OCI_BLOB_MAX);
		assert(i == 0 || image.layer[i].seq > image.layer[i - 1].seq ||
		       image.layer[i - 1].cover);
	}
	if (oci_config_parse(text, len, &image, &e) < 0)
		assert(e.status == EX_DATAERR);
	oci_image_free(&image);
}

static void
login(const char *text, size_t len)
{
	struct oci_ref r = {.host = "h:5000", .name = "a/b"};
	struct oci_login l = {NULL};
	struct err e;

	if (oci_login_parse(text, len, &r, &l, &e) == 0 && l.basic != NULL)
		assert(strpbrk(l.basic, "\r\n: ") == NULL);
	oci_login_free(&l);
}

static void
location(const char *text)
{
	struct oci_registry r = {.ref.host = "h"};
	struct oci_reply reply = {0};
	char *next = NULL;
	struct url u;
	struct err e;

	assert(url_parse("https://h", &r.at, &e) == 0);
	(void)snprintf(reply.result.head.location,
	    sizeof(reply.result.head.location), "%s", text);
	if (oci_location(&r, "https://h/v2/a/x?y", &reply, &next, &e) == 0) {
		assert(url_parse(next, &u, &e) == 0);
		assert(oci_same_origin(&u, &r.at));
		url_free(&u);
		free(next);
	}
	url_free(&r.at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text CLEANUP_FREE = mem_dup(data, size);

	name(text);
	challenge(text, size);
	documents(text, size);
	login(text, size);
	location(text);
	return 0;
}
