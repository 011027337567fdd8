#include "cli/audithtmldiff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/ckptpatch.h"

/* Of a checkpoint. */
#define PATHS     100
#define DIFF_TEXT ((size_t)64 << 10)

void
htmldiff_open(
    struct root *root, const char *id, int64_t most, struct htmldiff *out)
{
	struct err e;

	*out = (struct htmldiff){.root = root, .id = id};
	if (root == NULL || most == 0 ||
	    ckpt_list(root, id, &out->seqs, &out->count, &e) < 0) {
		out->root = NULL;
		return;
	}
	if (out->count > (size_t)most)
		out->first = out->count - (size_t)most;
}

void
htmldiff_close(struct htmldiff *d)
{
	free(d->seqs);
}

/* ---- one comparison ---------------------------------------------------------------------- */

static void
put_change(struct jsonw *w, struct patch *p, const struct diff_change *c)
{
	static const char *const kinds[] = {"added", "removed", "changed"};
	struct slice path = patch_path(c);
	size_t n = utf8_cut(buf_str(&p->text), p->text.len, DIFF_TEXT);

	jsonw_object(w, NULL);
	jsonw_string(w, "change", kinds[c->kind]);
	jsonw_text(w, "path", path.data, path.len);
	jsonw_bool(w, "binary", p->binary);
	jsonw_integer(w, "added", p->counts.added);
	jsonw_integer(w, "removed", p->counts.removed);
	jsonw_text(w, "diff", buf_str(&p->text), n);
	if (n < p->text.len)
		jsonw_integer(w, "bytes", (int64_t)p->text.len);
	jsonw_end(w, '}');
}

/* What the first checkpoint is compared with. */
static int
no_entry(void *arg, struct entry *out, struct err *e)
{
	(void)arg;
	(void)out;
	(void)e;
	return 0;
}

static int
compare(struct ckpt_side side[2], bool first, struct jsonw *w, int64_t *over,
    struct err *e)
{
	struct patch p = {.side = {&side[0], &side[1]}, .most = CKPTPATCH_TEXT};
	struct diff d = {.a.next = no_entry};
	struct diff_change c;
	int64_t more = 0, n = 0;
	int got;

	if ((!first && ckpt_side_tree(&side[0], &d.a, e) < 0) ||
	    ckpt_side_tree(&side[1], &d.b, e) < 0)
		return -1;
	while ((got = diff_next(&d, &c, e)) == 1) {
		if (n++ >= PATHS) {
			more++;
			continue;
		}
		if ((got = patch_make(&p, &c, e)) < 0)
			break;
		put_change(w, &p, &c);
	}
	patch_free(&p);
	*over = more;
	return got;
}

/* The bundle at `at` of the list against the one before it. */
static int
changes(const struct htmldiff *d, size_t at, struct jsonw *w, int64_t *over,
    struct err *e)
{
	char name[ULID_TEXT + 24];
	struct ckpt_side side[2];
	bool first = at == 0;
	int r = -1;

	(void)snprintf(name, sizeof(name), "%s@%" PRId64, d->id, d->seqs[at]);
	if (ckpt_side_open(d->root, name, true, 0, &side[1], e) < 0)
		return -1;
	if (!first)
		(void)snprintf(
		    name, sizeof(name), "%s@%" PRId64, d->id, d->seqs[at - 1]);
	if (first || ckpt_side_open(d->root, name, true, 0, &side[0], e) == 0) {
		r = compare(side, first, w, over, e);
		if (!first)
			ckpt_side_close(&side[0]);
	}
	ckpt_side_close(&side[1]);
	return r;
}

/* ---- a record ------------------------------------------------------------------------------ */

static bool
find(const struct htmldiff *d, const struct record *r, size_t *at)
{
	struct json *body CLEANUP_JSON = NULL;
	struct err e;
	int64_t covers;

	if (json_parse(r->body.data, r->body.len, &body, &e) < 0)
		return false;
	covers = json_get_integer(body, "covers", -1);
	for (*at = 0; *at < d->count; (*at)++)
		if (d->seqs[*at] == covers)
			return true;
	return false;
}

static void
put_note(struct jsonw *w, const char *text)
{
	struct buf safe CLEANUP_BUF = {0};

	utf8_safe(&safe, text, strlen(text), false);
	jsonw_string(w, "note", buf_str(&safe));
}

int
htmldiff_put(const struct htmldiff *d, struct page *p, int a,
    const struct record *r, struct err *e)
{
	struct buf line CLEANUP_BUF = {0}, files CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line}, f = {.out = &files};
	struct err why;
	int64_t more = 0;
	size_t at;

	if (d->root == NULL)
		return 0;
	jsonw_object(&w, NULL);
	jsonw_integer(&w, "a", a);
	jsonw_integer(&w, "s", r->seq);
	jsonw_string(&w, "y", "diff");
	jsonw_array(&f, NULL);
	if (!find(d, r, &at))
		put_note(&w, "its bundle is not here any more");
	else if (at < d->first)
		put_note(&w, "not compared; see --diffs");
	else if (changes(d, at, &f, &more, &why) < 0)
		put_note(&w, why.msg);
	else {
		jsonw_end(&f, ']');
		jsonw_raw(&w, "files", buf_str(&files), files.len);
		jsonw_integer(&w, "more", more);
	}
	jsonw_end(&w, '}');
	return page_line(p, (struct slice){line.data, line.len}, e);
}
