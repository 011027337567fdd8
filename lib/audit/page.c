#include "audit/page.h"

#include <assert.h>
#include <string.h>

#include "audit/pageparts.h"
#include "base/file.h"
#include "base/json.h"

/* A block of data; what the script reads at once. */
#define BLOCK ((size_t)1 << 20)

void
page_free(struct page *p)
{
	buf_free(&p->out);
}

static int
flush(struct page *p, struct err *e)
{
	if (file_write_all(p->fd, buf_str(&p->out), p->out.len, p->file, e) < 0)
		return -1;
	buf_clear(&p->out);
	return 0;
}

/* ---- the frame ------------------------------------------------------------------------- */

static void
put_markup(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		default:
			buf_putc(out, *s);
		}
}

static void
put_hash(struct buf *out, const char *what, const char *text, size_t len)
{
	struct digest d;

	digest_of(text, len, &d);
	buf_printf(out, "%s 'sha256-", what);
	base64_encode(out, d.b, sizeof(d.b));
	buf_puts(out, "'; ");
}

/* Nothing but our own script and style, by their digests (CSP level 3). */
static void
put_policy(struct buf *out)
{
	buf_puts(out, "default-src 'none'; ");
	put_hash(out, "script-src", pageparts_js, pageparts_js_len);
	put_hash(out, "style-src", pageparts_css, pageparts_css_len);
	buf_puts(out, "base-uri 'none'; form-action 'none'; "
		      "require-trusted-types-for 'script'; trusted-types");
}

/* The template's next part, up to a mark {{NAME}}, is appended: the mark's
 * name, or NULL at the end. */
static const char *
put_part(struct buf *out, const char **at, char name[16])
{
	const char *end = pageparts_html + pageparts_html_len;
	const char *open = strstr(*at, "{{"), *close;
	size_t n;

	if (open == NULL) {
		buf_add(out, *at, (size_t)(end - *at));
		return NULL;
	}
	close = strstr(open, "}}");
	assert(close != NULL && close - open - 2 < 16);
	buf_add(out, *at, (size_t)(open - *at));
	n = (size_t)(close - open) - 2;
	memcpy(name, open + 2, n);
	name[n] = '\0';
	*at = close + 2;
	return name;
}

/* Either what stands before the data, or what stands behind it. */
static void
put_frame(struct page *p, const char *title, bool behind)
{
	struct buf skipped CLEANUP_BUF = {0};
	struct buf *out = behind ? &skipped : &p->out;
	const char *at = pageparts_html, *mark;
	char name[16];

	while ((mark = put_part(out, &at, name)) != NULL) {
		if (strcmp(mark, "policy") == 0)
			put_policy(out);
		else if (strcmp(mark, "title") == 0)
			put_markup(out, title);
		else if (strcmp(mark, "style") == 0)
			buf_add(out, pageparts_css, pageparts_css_len);
		else if (strcmp(mark, "script") == 0)
			buf_add(out, pageparts_js, pageparts_js_len);
		else if (behind)
			out = &p->out;
		else
			return;
	}
}

int
page_begin(struct page *p, const char *title, struct err *e)
{
	put_frame(p, title, false);
	return flush(p, e);
}

/* ---- data ------------------------------------------------------------------------------ */

/* How many bytes at `s` are not to stand there as they are: what the HTML
 * parser could take for an end, ends of lines (JSON may have them between its
 * tokens; here a line is a record), and what turns the source around for a
 * reader (U+200B to 200F, 2028 to 202E, 2060 to 206F). */
static size_t
is_unsafe(const unsigned char *s, size_t len)
{
	if (s[0] == '<' || s[0] == '\n' || s[0] == '\r')
		return 1;
	if (s[0] != 0xe2 || len < 3)
		return 0;
	if (s[1] == 0x80 &&
	    ((s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xa8 && s[2] <= 0xae)))
		return 3;
	return s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf ? 3 : 0;
}

/* In JSON these stand in strings alone, where an escape means the same. */
static void
put_data(struct buf *out, struct slice json)
{
	const unsigned char *s = (const unsigned char *)json.data;
	size_t i, n, from = 0;

	buf_reserve(out, json.len + 64);
	for (i = 0; i < json.len; i += n == 0 ? 1 : n) {
		n = is_unsafe(s + i, json.len - i);
		if (n == 0)
			continue;
		buf_add(out, s + from, i - from);
		if (n == 1)
			buf_puts(out, s[i] == '<' ? "\\u003c" : " ");
		else
			buf_printf(out, "\\u20%02x",
			    (unsigned)(s[i + 1] & 1) << 6 | (s[i + 2] & 0x3f));
		from = i + n;
	}
	buf_add(out, s + from, json.len - from);
}

static void
close_block(struct page *p)
{
	if (p->block > 0)
		buf_puts(&p->out, "</script>\n");
	p->block = 0;
}

int
page_line(struct page *p, struct slice json, struct err *e)
{
	if (p->block == 0)
		buf_puts(&p->out,
		    "<script type=\"application/json\" class=\"records\">\n");
	put_data(&p->out, json);
	buf_putc(&p->out, '\n');
	p->block += json.len + 1;
	if (p->block < BLOCK)
		return 0;
	close_block(p);
	return flush(p, e);
}

int
page_record(struct page *p, int a, const struct record *r,
    const struct blob_source *blobs, struct err *e)
{
	struct buf line CLEANUP_BUF = {0}, body CLEANUP_BUF = {0},
			cuts CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	jsonw_object(&w, NULL);
	jsonw_integer(&w, "a", a);
	jsonw_integer(&w, "s", r->seq);
	jsonw_integer(&w, "t", r->time / 1000);
	jsonw_string(&w, "y", record_type_name(r->type));
	jsonw_digest(&w, "d", &r->digest);
	page_body(r, blobs, p->most, &body, &cuts);
	jsonw_raw(&w, "b", buf_str(&body), body.len);
	if (cuts.len > 0)
		jsonw_raw(&w, "c", buf_str(&cuts), cuts.len);
	jsonw_end(&w, '}');
	return page_line(p, (struct slice){line.data, line.len}, e);
}

/* ---- the end --------------------------------------------------------------------------- */

static void
put_agent(struct jsonw *w, const struct page_agent *a)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(&a->mark.head, hex);
	jsonw_object(w, NULL);
	jsonw_string(w, "id", a->id);
	/* The beginning of an id is its time; its end tells agents apart. */
	jsonw_string(w, "short", a->id + ULID_TEXT - 1 - 8);
	jsonw_maybe(w, "name", a->name);
	jsonw_maybe(w, "created", a->created);
	jsonw_maybe(w, "state", a->state);
	if (a->up >= 0)
		jsonw_integer(w, "up", a->up);
	if (a->from >= 0)
		jsonw_integer(w, "from", a->from);
	jsonw_integer(w, "records", a->records);
	jsonw_integer(w, "seq", a->mark.seq);
	jsonw_string(w, "head", hex);
	jsonw_end(w, '}');
}

int
page_end(struct page *p, const char *title, const struct page_agent *agents,
    size_t count, struct err *e)
{
	struct buf meta CLEANUP_BUF = {0};
	struct jsonw w = {.out = &meta};
	size_t i;

	jsonw_object(&w, NULL);
	jsonw_string(&w, "title", title);
	jsonw_array(&w, "agents");
	for (i = 0; i < count; i++)
		put_agent(&w, &agents[i]);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	close_block(p);
	buf_puts(&p->out, "<script type=\"application/json\" id=\"meta\">");
	put_data(&p->out, (struct slice){meta.data, meta.len});
	buf_puts(&p->out, "</script>\n");
	put_frame(p, title, true);
	return flush(p, e);
}
