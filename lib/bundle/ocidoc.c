#include "bundle/ocidoc.h"

#include <inttypes.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/num.h"

#define NOTE_AGENT  "org.agentutils.agent"
#define NOTE_BUNDLE "org.agentutils.bundle"
#define NOTE_COVER  "org.agentutils.cover"
#define NOTE_SEQ    "org.agentutils.seq"
#define NOTE_TIME   "org.opencontainers.image.created"

/* As in a JSON number that every reader takes for the same. */
#define SEQ_MAX ((int64_t)1 << 53)

void
oci_image_free(struct oci_image *i)
{
	free(i->layer);
	*i = (struct oci_image){0};
}

/* ---- writing ---------------------------------------------------------------------------- */

/* What this machine is called in images: programs that an agent built are for
 * it. */
static const char *
architecture(char other[sizeof(((struct utsname *)0)->machine)])
{
	static const char *const names[][2] = {{"x86_64", "amd64"},
	    {"aarch64", "arm64"}, {"i686", "386"}, {"armv7l", "arm"}};
	struct utsname u;
	size_t i;

	if (uname(&u) < 0)
		return "unknown";
	for (i = 0; i < COUNT_OF(names); i++)
		if (strcmp(u.machine, names[i][0]) == 0)
			return names[i][1];
	memcpy(other, u.machine, sizeof(u.machine));
	return other;
}

static void
put_digest(struct jsonw *w, const char *key, const struct digest *d)
{
	char text[OCI_DIGEST];

	oci_digest_text(d, text);
	jsonw_string(w, key, text);
}

void
oci_config_write(const struct oci_image *image, struct buf *out)
{
	char other[sizeof(((struct utsname *)0)->machine)];
	struct jsonw w = {.out = out};
	char time[CLOCK_TEXT];
	size_t i;

	clock_text(image->time, time);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "created", time);
	jsonw_string(&w, "architecture", architecture(other));
	jsonw_string(&w, "os", "linux");
	jsonw_object(&w, "config");
	jsonw_string(&w, "WorkingDir", "/work");
	jsonw_end(&w, '}');
	jsonw_object(&w, "rootfs");
	jsonw_string(&w, "type", "layers");
	jsonw_array(&w, "diff_ids");
	for (i = 0; i < image->count; i++)
		put_digest(&w, NULL, &image->layer[i].plain);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
}

static void
put_integer_text(struct jsonw *w, const char *key, int64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, n);
	jsonw_string(w, key, text);
}

/* A descriptor, left open for its annotations. */
static void
put_descriptor(struct jsonw *w, const char *key, const char *type,
    const struct digest *d, int64_t size)
{
	jsonw_object(w, key);
	jsonw_string(w, "mediaType", type);
	put_digest(w, "digest", d);
	jsonw_integer(w, "size", size);
}

static void
put_layer(struct jsonw *w, const struct oci_layer *l)
{
	put_descriptor(w, NULL, OCI_TYPE_LAYER, &l->digest, l->size);
	jsonw_object(w, "annotations");
	if (l->cover) {
		put_integer_text(w, NOTE_COVER, l->seq);
	} else {
		put_integer_text(w, NOTE_SEQ, l->seq);
		jsonw_digest(w, NOTE_BUNDLE, &l->bundle);
	}
	jsonw_end(w, '}');
	jsonw_end(w, '}');
}

void
oci_manifest_write(const struct oci_image *image, struct buf *out)
{
	const struct oci_layer *newest = &image->layer[image->count - 1];
	struct jsonw w = {.out = out};
	char time[CLOCK_TEXT];
	size_t i;

	clock_text(image->time, time);
	jsonw_object(&w, NULL);
	jsonw_integer(&w, "schemaVersion", 2);
	jsonw_string(&w, "mediaType", OCI_TYPE_MANIFEST);
	put_descriptor(
	    &w, "config", OCI_TYPE_CONFIG, &image->config, image->config_size);
	jsonw_end(&w, '}');
	jsonw_array(&w, "layers");
	for (i = 0; i < image->count; i++)
		put_layer(&w, &image->layer[i]);
	jsonw_end(&w, ']');
	jsonw_object(&w, "annotations");
	jsonw_string(&w, NOTE_TIME, time);
	jsonw_string(&w, NOTE_AGENT, image->agent);
	put_integer_text(&w, NOTE_SEQ, newest->seq);
	jsonw_digest(&w, NOTE_BUNDLE, &newest->bundle);
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
}

/* ---- reading ---------------------------------------------------------------------------- */

static int
bad(const char *what, struct err *e)
{
	return err_set(e, EX_DATAERR, 0, "no image of bundles: %s", what);
}

static int
parse_descriptor(const struct json *d, const char *type, int64_t most,
    struct digest *digest, int64_t *size, struct err *e)
{
	const char *got = json_get_string(d, "mediaType");
	const char *text = json_get_string(d, "digest");

	if (got == NULL || strcmp(got, type) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "no image of bundles: it holds '%.100s', not '%s'",
		    got == NULL ? "nothing" : got, type);
	if (text == NULL || oci_digest_parse(text, digest) < 0)
		return bad("a digest that is no SHA-256", e);
	*size = json_get_integer(d, "size", -1);
	if (*size < 1 || *size > most)
		return bad("a size out of all bounds", e);
	return 0;
}

static int
parse_layer(const struct json *j, struct oci_layer *l, struct err *e)
{
	const struct json *notes = json_get(j, "annotations");
	const char *seq = json_get_string(notes, NOTE_SEQ);
	const char *id = json_get_string(notes, NOTE_BUNDLE);

	if (parse_descriptor(
		j, OCI_TYPE_LAYER, OCI_BLOB_MAX, &l->digest, &l->size, e) < 0)
		return -1;
	l->cover = id == NULL;
	if (l->cover)
		seq = json_get_string(notes, NOTE_COVER);
	if (seq == NULL || num_int(seq, 1, SEQ_MAX, &l->seq) < 0 ||
	    (id != NULL && digest_parse(id, strlen(id), &l->bundle) < 0))
		return bad("a layer is not marked as a bundle", e);
	return 0;
}

/* Bundles become older downwards; a cover stands right below its bundle. */
static int
check_order(const struct oci_image *image, struct err *e)
{
	const struct oci_layer *l = image->layer;
	size_t i;

	if (image->count == 0 || l[0].cover || l[image->count - 1].cover)
		return bad("no bundle where one should be", e);
	for (i = 1; i < image->count; i++)
		if (l[i - 1].cover ? l[i].cover || l[i].seq != l[i - 1].seq
				   : l[i].seq <= l[i - 1].seq)
			return bad("the layers are out of order", e);
	return 0;
}

static int
parse_layers(const struct json *list, struct oci_image *image, struct err *e)
{
	const struct json *j;

	if (list == NULL || json_type(list) != JSON_ARRAY)
		return bad("there are no layers", e);
	if (json_count(list) > OCI_LAYERS)
		return bad("too many layers", e);
	image->layer = mem_new(json_count(list) + 1, sizeof(*image->layer));
	for (j = json_first(list); j != NULL; j = json_next(j))
		if (parse_layer(j, &image->layer[image->count++], e) < 0)
			return -1;
	return check_order(image, e);
}

int
oci_manifest_parse(
    const char *text, size_t len, struct oci_image *out, struct err *e)
{
	struct oci_image image CLEANUP(oci_image_free) = {0};
	struct json *j CLEANUP_JSON = NULL;
	const char *type;

	if (json_parse(text, len, &j, e) < 0)
		return err_wrap(e, "the image's manifest");
	type = json_get_string(j, "mediaType");
	if (json_get_integer(j, "schemaVersion", 0) != 2 ||
	    (type != NULL && strcmp(type, OCI_TYPE_MANIFEST) != 0))
		return bad("the manifest is of another kind", e);
	if (parse_descriptor(json_get(j, "config"), OCI_TYPE_CONFIG,
		(int64_t)OCI_DOC_MAX, &image.config, &image.config_size,
		e) < 0 ||
	    parse_layers(json_get(j, "layers"), &image, e) < 0)
		return -1;
	*out = image;
	image = (struct oci_image){0};
	return 0;
}

int
oci_config_parse(
    const char *text, size_t len, struct oci_image *image, struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	const struct json *ids, *d;
	size_t i = 0;

	if (json_parse(text, len, &j, e) < 0)
		return err_wrap(e, "the image's configuration");
	ids = json_get(json_get(j, "rootfs"), "diff_ids");
	if (ids == NULL || json_type(ids) != JSON_ARRAY ||
	    json_count(ids) != image->count)
		return bad("as many 'diff_ids' as layers are needed", e);
	for (d = json_first(ids); d != NULL; d = json_next(d))
		if (json_string(d) == NULL || oci_digest_parse(json_string(d),
						  &image->layer[i++].plain) < 0)
			return bad("a digest that is no SHA-256", e);
	return 0;
}
