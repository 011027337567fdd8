#include "agent/redact.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/cache.h"
#include "agent/ckpt.h"
#include "agent/lineage.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/num.h"
#include "bundle/names.h"

#define WANT_MAX  ((size_t)8 << 20)
#define NOTE_ROOM ((size_t)1 << 20) /* of bodies in one note */

/* What one file of ID/redact says. */
struct wanted {
	char *nonce; /* the file's name */
	struct json *body;
	int64_t *seqs; /* sorted */
	size_t count;
};

static void
wanted_free(struct wanted *w)
{
	free(w->nonce);
	json_free(w->body);
	free(w->seqs);
}

/* ---- writing it down ------------------------------------------------------------------ */

int
redact_want(struct root *root, const char *agent, const struct redaction *r,
    struct err *e)
{
	char *path CLEANUP_FREE = mem_printf("%s/" REDACT_DIR, agent);
	struct buf text CLEANUP_BUF = {0};
	struct jsonw w = {.out = &text};
	int dir CLEANUP_FD = -1, fd CLEANUP_FD = -1;
	size_t i;

	/* Who lost a lease unnoticed could put an old journal back. */
	if (root->lease != 0)
		return err_set(e, EX_CONFIG, 0,
		    "a root that several hosts share: redact where it is not");
	jsonw_object(&w, NULL);
	jsonw_string(&w, "why", r->why);
	jsonw_string(&w, "by", r->by);
	jsonw_array(&w, "seqs");
	for (i = 0; i < r->count; i++)
		jsonw_integer(&w, NULL, r->seqs[i]);
	jsonw_end(&w, ']');
	jsonw_end(&w, '}');
	if (file_open(root->agents, agent, O_RDONLY | O_DIRECTORY, 0, &fd, e) <
		0 ||
	    file_make_dir(fd, REDACT_DIR, 0700, e) < 0 ||
	    file_sync(fd, agent, e) < 0 ||
	    file_open(root->agents, path, O_RDONLY | O_DIRECTORY, 0, &dir, e) <
		0)
		return -1;
	return file_replace(dir, r->nonce, text.data, text.len, 0600, e);
}

static int
compare_seqs(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int
read_wanted(int dir, const char *name, struct wanted *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct wanted w = {0};
	const struct json *v;
	size_t cap = 0;

	if (file_read(dir, name, WANT_MAX, &text, e) < 0 ||
	    json_parse(buf_str(&text), text.len, &w.body, e) < 0)
		return err_wrap(e, "'" REDACT_DIR "/%s'", name);
	w.nonce = mem_strdup(name);
	v = json_first(json_get(w.body, "seqs"));
	for (; v != NULL; v = json_next(v)) {
		mem_room(&w.seqs, w.count, &cap, sizeof(*w.seqs));
		if (json_integer(v, &w.seqs[w.count]))
			w.count++;
	}
	if (w.count > 0)
		qsort(w.seqs, w.count, sizeof(*w.seqs), compare_seqs);
	*out = w;
	return 0;
}

/* ---- noting it ------------------------------------------------------------------------ */

struct noting {
	struct session *s;
	const struct wanted *want;
	struct redact_blobs *blobs;
	struct buf bodies; /* of the note to come */
	size_t told;       /* blobs that notes name */
	bool noted;        /* it was, before a crash */
};

static int
stage_note(struct noting *n, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};

	if (n->bodies.len == 0)
		return 0;
	jsonw_object(&w, NULL);
	jsonw_string(&w, "note", "redacted");
	jsonw_maybe(&w, "by", json_get_string(n->want->body, "by"));
	jsonw_maybe(&w, "why", json_get_string(n->want->body, "why"));
	jsonw_string(&w, "nonce", n->want->nonce);
	jsonw_integer(&w, "bundles", n->want->seqs[0]);
	jsonw_array(&w, "blobs");
	for (; n->told < n->blobs->count; n->told++)
		jsonw_string(&w, NULL, n->blobs->hex[n->told]);
	jsonw_end(&w, ']');
	buf_printf(&body, ",\"" REDACT_LIST "\":[%s]", buf_str(&n->bodies));
	jsonw_end(&w, '}');
	buf_clear(&n->bodies);
	return session_stage(
	    n->s, RECORD_NOTE, (struct slice){body.data, body.len}, e);
}

/* Keep what is left of a body, and the blobs that it named. */
static int
note_record(struct noting *n, const struct record *rec, struct err *e)
{
	struct blob_source blobs = blob_root(n->s->root);
	struct buf room CLEANUP_BUF = {0};
	struct slice whole;

	redact_blobs_add(n->blobs, rec->body);
	if (json_check(rec->body.data, rec->body.len, e) < 0 ||
	    blob_expand(&blobs, rec->body, &room, &whole, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	buf_printf(&n->bodies,
	    "%s{\"seq\":%" PRId64 ",\"body\":", n->bodies.len > 0 ? "," : "",
	    rec->seq);
	redact_skeleton(rec->type, whole, &n->bodies);
	buf_putc(&n->bodies, '}');
	return n->bodies.len > NOTE_ROOM ? stage_note(n, e) : 0;
}

/* It was noted before a crash, and some bodies may be gone already. */
static int
recall(struct noting *n, const struct record *rec, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	const struct json *v;
	const char *nonce;

	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	nonce = json_get_string(body, "nonce");
	if (nonce == NULL || strcmp(nonce, n->want->nonce) != 0)
		return 0;
	n->noted = true;
	v = json_first(json_get(body, "blobs"));
	for (; v != NULL; v = json_next(v))
		redact_blobs_name(n->blobs, json_string(v));
	return 0;
}

static int
look_at(void *arg, const struct record *rec, struct err *e)
{
	struct noting *n = arg;

	if (rec->type == RECORD_NOTE && !record_redacted(rec) &&
	    memmem(rec->body.data, rec->body.len, n->want->nonce,
		strlen(n->want->nonce)) != NULL)
		return recall(n, rec, e);
	if (record_redacted(rec) || !redact_takes(rec->type) ||
	    bsearch(&rec->seq, n->want->seqs, n->want->count,
		sizeof(*n->want->seqs), compare_seqs) == NULL)
		return 0;
	return note_record(n, rec, e);
}

/* Walk the records as they stand, blobs where they are. */
static int
walk(struct noting *n, struct err *e)
{
	struct lineage l CLEANUP_LINEAGE = {0};
	struct lineage_reader r CLEANUP_LINEAGE_READER = {.fd = -1};
	struct record rec;
	int got;

	if (lineage_open(n->s->dir, &n->s->info, &l, e) < 0)
		return -1;
	lineage_reader_init(&r, &l, NULL);
	while ((got = lineage_next(&r, &rec, e)) == 1)
		if (look_at(n, &rec, e) < 0)
			return -1;
	return got;
}

/* The records say what is about to go before it does. */
static int
note(struct session *s, const struct wanted *want, struct redact_blobs *blobs,
    struct err *e)
{
	struct noting n = {.s = s, .want = want, .blobs = blobs};
	int got = walk(&n, e);

	if (got == 0 && !n.noted)
		got = stage_note(&n, e);
	if (got == 0 && !n.noted)
		got = session_seal(s, e);
	buf_free(&n.bodies);
	return got;
}

/* ---- what is derived ------------------------------------------------------------------ */

/* Remove all files whose names begin so. */
static int
remove_begun(int dir, const char *prefix, struct err *e)
{
	struct names list = {0};
	int got = 0;
	size_t i;

	if (names_read(dir, &list, e) < 0)
		return -1;
	for (i = 0; i < list.count && got == 0; i++)
		if (strncmp(list.name[i].text, prefix, strlen(prefix)) == 0 &&
		    unlinkat(dir, list.name[i].text, 0) < 0 && errno != ENOENT)
			got = err_set(e, EX_IOERR, errno, "cannot remove '%s'",
			    list.name[i].text);
	names_free(&list);
	return got;
}

/* Bundles that cover the first of the records hold its body, or stand on one
 * that does. */
static int
remove_bundles(struct session *s, int64_t first, struct err *e)
{
	struct names list = {0};
	int dir CLEANUP_FD = -1, got = 0;
	struct err none;
	int64_t seq;
	size_t i;

	if (file_open(
		s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &dir, &none) < 0)
		return 0;
	if (names_read(dir, &list, e) < 0)
		return -1;
	for (i = 0; i < list.count && got == 0; i++) {
		char *name CLEANUP_FREE = mem_strdup(list.name[i].text);

		name[strcspn(name, ".")] = '\0';
		if (num_int(name, 1, INT64_MAX, &seq) < 0 || seq < first)
			continue;
		if (unlinkat(dir, list.name[i].text, 0) < 0 && errno != ENOENT)
			got = err_set(e, EX_IOERR, errno,
			    "cannot remove the bundle '%s'", name);
	}
	names_free(&list);
	if (got < 0 || remove_begun(dir, BUNDLE_TMP, e) < 0)
		return -1;
	return file_sync(dir, CKPT_DIR, e);
}

/* With what a crash left half written of it. */
static int
remove_cache(struct session *s, struct err *e)
{
	if (unlinkat(s->dir, CACHE_FILE, 0) < 0 && errno != ENOENT)
		return err_set(e, EX_IOERR, errno, "cannot remove the cache");
	if (remove_begun(s->dir, "." CACHE_FILE, e) < 0)
		return -1;
	return file_sync(s->dir, "agent", e);
}

static int
carry_out(struct session *s, const struct wanted *want, struct err *e)
{
	struct redact_blobs blobs = {0};
	int got;

	if (want->count == 0)
		return 0;
	got = note(s, want, &blobs, e);
	/* It holds what was said, and places in the journal as it was. */
	if (got == 0)
		got = remove_cache(s, e);
	if (got == 0)
		got = redact_journals(s, want->seqs, want->count, e);
	if (got == 0)
		got = remove_bundles(s, want->seqs[0], e);
	if (got == 0)
		got = redact_blobs_remove(s->root, &blobs, e);
	free(blobs.hex);
	return got;
}

static int
finish_all(struct session *s, int dir, bool *done, struct err *e)
{
	struct names list = {0};
	int got;
	size_t i;

	got = names_read(dir, &list, e);
	for (i = 0; i < list.count && got == 0; i++) {
		struct wanted w CLEANUP(wanted_free) = {0};

		if (list.name[i].text[0] == '.')
			continue; /* half written: nobody was told that it is */
		got = read_wanted(dir, list.name[i].text, &w, e);
		if (got == 0)
			got = carry_out(s, &w, e);
		if (got == 0 && (file_sync(s->dir, "agent", e) < 0 ||
				    unlinkat(dir, w.nonce, 0) < 0))
			got = err_set(
			    e, EX_IOERR, errno, "cannot end the redaction");
		*done = true;
		break; /* the next one by a session that has read this */
	}
	names_free(&list);
	return got;
}

int
redact_finish(struct session *s, bool *done, struct err *e)
{
	int dir CLEANUP_FD = -1;
	struct err none;

	*done = false;
	if (file_open(
		s->dir, REDACT_DIR, O_RDONLY | O_DIRECTORY, 0, &dir, &none) < 0)
		return 0;
	if (finish_all(s, dir, done, e) < 0)
		return err_wrap(e, "redaction");
	if (!*done) /* empty but for what a crash left half written */
		return file_remove_tree(s->dir, REDACT_DIR, e);
	return file_sync(dir, REDACT_DIR, e);
}
