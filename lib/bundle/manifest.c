#include "bundle/manifest.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

void
manifest_free(struct manifest *m)
{
	free(m->agent);
	free(m->replaces);
	free(m->frames);
	*m = (struct manifest){0};
}

static void
put_digest(struct jsonw *w, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	jsonw_string(w, key, hex);
}

static void
put_digests(
    struct jsonw *w, const char *key, const struct digest *d, size_t count)
{
	size_t i;

	jsonw_array(w, key);
	for (i = 0; i < count; i++)
		put_digest(w, NULL, &d[i]);
	jsonw_end(w, ']');
}

static void
put_index(struct jsonw *w, const struct manifest *m)
{
	jsonw_object(w, "index");
	put_digest(w, "sha256", &m->index);
	jsonw_integer(w, "entries", m->entries);
	jsonw_integer(w, "frame", m->index_frame);
	jsonw_integer(w, "offset", m->index_offset);
	jsonw_integer(w, "size", m->index_size);
	put_digests(w, "frames", m->frames, m->frame_count);
	jsonw_end(w, '}');
}

void
manifest_write(const struct manifest *m, struct buf *out)
{
	struct jsonw w = {.out = out};
	char time[CLOCK_TEXT];

	clock_text(m->time, time);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "format", MANIFEST_FORMAT);
	jsonw_string(&w, "agent", m->agent);
	jsonw_integer(&w, "seq", m->seq);
	put_digest(&w, "head", &m->head);
	jsonw_integer(&w, "since", m->since);
	jsonw_string(&w, "time", time);
	if (m->has_parent)
		put_digest(&w, "parent", &m->parent);
	else
		jsonw_null(&w, "parent");
	jsonw_string(&w, "kind", m->full ? "full" : "delta");
	put_digest(&w, "state", &m->state);
	put_digest(&w, "grants", &m->grants);
	put_digest(&w, "work", &m->work);
	jsonw_integer(&w, "files", m->files);
	jsonw_integer(&w, "bytes", m->bytes);
	jsonw_integer(&w, "deltas", m->deltas);
	jsonw_integer(&w, "full_bytes", m->full_bytes);
	jsonw_integer(&w, "delta_bytes", m->delta_bytes);
	put_digests(&w, "replaces", m->replaces, m->replace_count);
	put_index(&w, m);
	jsonw_end(&w, '}');
	buf_putc(out, '\n');
}

static bool
get_digest(const struct json *j, struct digest *out)
{
	const char *s = json_string(j);

	return s != NULL && digest_parse(s, strlen(s), out) == 0;
}

static bool
get_digests(const struct json *j, struct digest **out, size_t *count)
{
	const struct json *v;

	if (j == NULL || json_type(j) != JSON_ARRAY)
		return false;
	*out = mem_new(json_count(j) + 1, sizeof(**out));
	for (v = json_first(j); v != NULL; v = json_next(v))
		if (!get_digest(v, &(*out)[(*count)++]))
			return false;
	return true;
}

/* A number that is not negative, or none: `*good` turns false. */
static int64_t
get_count(const struct json *j, const char *key, bool *good)
{
	int64_t n = json_get_integer(j, key, -1);

	if (n < 0)
		*good = false;
	return n;
}

static bool
get_numbers(const struct json *j, struct manifest *m)
{
	bool good = true;

	m->seq = get_count(j, "seq", &good);
	m->since = get_count(j, "since", &good);
	m->files = get_count(j, "files", &good);
	m->bytes = get_count(j, "bytes", &good);
	m->deltas = get_count(j, "deltas", &good);
	m->full_bytes = get_count(j, "full_bytes", &good);
	m->delta_bytes = get_count(j, "delta_bytes", &good);
	return good && m->since <= m->seq;
}

static bool
get_index(const struct json *j, struct manifest *m)
{
	bool good = true;

	m->entries = get_count(j, "entries", &good);
	m->index_frame = get_count(j, "frame", &good);
	m->index_offset = get_count(j, "offset", &good);
	m->index_size = get_count(j, "size", &good);
	return good && get_digest(json_get(j, "sha256"), &m->index) &&
	       get_digests(json_get(j, "frames"), &m->frames, &m->frame_count);
}

static bool
get_words(const struct json *j, struct manifest *m)
{
	const char *agent = json_get_string(j, "agent");
	const char *time = json_get_string(j, "time");
	const char *kind = json_get_string(j, "kind");
	const struct json *parent = json_get(j, "parent");

	if (agent == NULL || time == NULL || kind == NULL || parent == NULL ||
	    clock_parse(time, &m->time) < 0)
		return false;
	m->agent = mem_strdup(agent);
	m->full = strcmp(kind, "full") == 0;
	m->has_parent = json_type(parent) != JSON_NULL;
	return (m->full || strcmp(kind, "delta") == 0) &&
	       (m->has_parent ? get_digest(parent, &m->parent) : m->full);
}

int
manifest_parse(
    const char *text, size_t len, struct manifest *out, struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	struct manifest m = {0};
	const char *format;

	if (json_parse(text, len, &j, e) < 0)
		return err_wrap(e, "the manifest");
	format = json_get_string(j, "format");
	if (format == NULL || strcmp(format, MANIFEST_FORMAT) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "the manifest's format is not '%s'", MANIFEST_FORMAT);
	if (!get_words(j, &m) || !get_numbers(j, &m) ||
	    !get_digest(json_get(j, "head"), &m.head) ||
	    !get_digest(json_get(j, "state"), &m.state) ||
	    !get_digest(json_get(j, "grants"), &m.grants) ||
	    !get_digest(json_get(j, "work"), &m.work) ||
	    !get_digests(
		json_get(j, "replaces"), &m.replaces, &m.replace_count) ||
	    !get_index(json_get(j, "index"), &m)) {
		manifest_free(&m);
		return err_set(e, EX_DATAERR, 0,
		    "the manifest lacks a member, or holds one of a wrong "
		    "form");
	}
	*out = m;
	return 0;
}

int
manifest_signature(const char *text, size_t len, unsigned char num[SIGN_KEYNUM],
    unsigned char sig[SIGN_BYTES], struct err *e)
{
	static const char comment[] = "untrusted comment: ";
	unsigned char raw[2 + SIGN_KEYNUM + SIGN_BYTES];
	const char *line = memchr(text, '\n', len);

	if (line == NULL || len < sizeof(comment) ||
	    memcmp(text, comment, sizeof(comment) - 1) != 0 ||
	    text[len - 1] != '\n' || ++line == text + len ||
	    base64_decode(line, (size_t)(text + len - line) - 1, raw,
		sizeof(raw)) != (ssize_t)sizeof(raw) ||
	    memcmp(raw, "Ed", 2) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "the manifest's signature is no signify file");
	memcpy(num, raw + 2, SIGN_KEYNUM);
	memcpy(sig, raw + 2 + SIGN_KEYNUM, SIGN_BYTES);
	return 0;
}
