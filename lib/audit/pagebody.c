/* A record's body as the page holds it. */
#include <stdio.h>
#include <string.h>

#include "audit/page.h"
#include "base/json.h"
#include "base/utf8.h"

#define PATH_MAX_BYTES ((size_t)200)

struct cutting {
	size_t most;
	struct jsonw w;       /* the body */
	struct jsonw cuts;    /* what was cut, by path */
	struct buf path;      /* of the value */
	const struct json *b; /* the body as it stands */
};

/* The blob that a member of the body's top stood in, or NULL. */
static const char *
blob_of(const struct cutting *c, const char *path)
{
	char name[PATH_MAX_BYTES];

	if (strcmp(path, "/text") == 0)
		return json_get_string(c->b, "blob");
	(void)snprintf(name, sizeof(name), "%s_blob", path + 1);
	name[strcspn(name, "/")] = '\0';
	return json_get_string(c->b, name);
}

static void
put_text(struct cutting *c, const char *key, const char *s)
{
	size_t len = strlen(s), n = utf8_cut(s, len, c->most);

	jsonw_text(&c->w, key, s, n);
	if (n == len)
		return;
	if (c->cuts.out->len == 0)
		jsonw_array(&c->cuts, NULL);
	jsonw_object(&c->cuts, NULL);
	jsonw_string(&c->cuts, "path", buf_str(&c->path));
	jsonw_integer(&c->cuts, "bytes", (int64_t)len);
	jsonw_maybe(&c->cuts, "blob", blob_of(c, buf_str(&c->path)));
	jsonw_end(&c->cuts, '}');
}

static void
put_number(struct cutting *c, const char *key, const struct json *v)
{
	char text[40];
	int64_t n;
	double d;

	if (json_integer(v, &n)) {
		jsonw_integer(&c->w, key, n);
	} else if (json_number(v, &d)) {
		(void)snprintf(text, sizeof(text), "%.17g", d);
		jsonw_raw(&c->w, key, text, strlen(text));
	}
}

static void put_value(struct cutting *, const char *key, const struct json *);

static void
put_children(struct cutting *c, const struct json *v)
{
	size_t back = c->path.len, i = 0;

	for (v = json_first(v); v != NULL; v = json_next(v), i++) {
		if (json_name(v) == NULL)
			buf_printf(&c->path, "/%zu", i);
		else if (c->path.len < PATH_MAX_BYTES)
			buf_printf(&c->path, "/%.60s", json_name(v));
		put_value(c, json_name(v), v);
		buf_cut(&c->path, back);
	}
}

static void
put_value(struct cutting *c, const char *key, const struct json *v)
{
	switch (json_type(v)) {
	case JSON_STRING:
		put_text(c, key, json_string(v));
		break;
	case JSON_NUMBER:
		put_number(c, key, v);
		break;
	case JSON_OBJECT:
		jsonw_object(&c->w, key);
		put_children(c, v);
		jsonw_end(&c->w, '}');
		break;
	case JSON_ARRAY:
		jsonw_array(&c->w, key);
		put_children(c, v);
		jsonw_end(&c->w, ']');
		break;
	case JSON_NULL:
		jsonw_null(&c->w, key);
		break;
	default:
		jsonw_bool(&c->w, key, json_type(v) == JSON_TRUE);
	}
}

void
page_body(const struct record *r, const struct blob_source *blobs, size_t most,
    struct buf *out, struct buf *cuts)
{
	struct cutting c = {.most = most, .w.out = out, .cuts.out = cuts};
	struct json *stands CLEANUP_JSON = NULL, *whole CLEANUP_JSON = NULL;
	struct buf room CLEANUP_BUF = {0};
	struct slice text = r->body;
	struct err e;

	/* A blob that is gone is no reason to show nothing: its digest stays
	 * in its place. */
	if (blob_expand(blobs, r->body, &room, &text, &e) < 0)
		text = r->body;
	if (record_redacted(r)) {
		buf_puts(out, "null");
		return;
	}
	/* The chain covers bytes, whatever they are. */
	if (json_parse(text.data, text.len, &whole, &e) < 0 ||
	    json_parse(r->body.data, r->body.len, &stands, &e) < 0 ||
	    json_type(whole) != JSON_OBJECT) {
		buf_puts(out, "{\"unreadable\":true}");
		return;
	}
	if (text.len <= most) {
		buf_add(out, text.data, text.len);
		return;
	}
	c.b = stands;
	put_value(&c, NULL, whole);
	if (cuts->len > 0)
		jsonw_end(&c.cuts, ']');
	buf_free(&c.path);
}
