/* Proving that a bundle's state is the fold of its records. */
#include <string.h>

#include "agent/ckpt.h"
#include "agent/statejson.h"
#include "base/json.h"

#define MEMBER_MAX ((size_t)1 << 30)

int
ckpt_blob(
    struct chain *c, const struct digest *d, struct buf *out, struct err *e)
{
	char path[32 + DIGEST_HEX], hex[DIGEST_HEX + 1];
	struct entry n;
	size_t i;
	int got;

	digest_hex(d, hex);
	(void)snprintf(path, sizeof(path), "agent/blobs/%s", hex);
	for (i = c->count; i-- > 0;) {
		got = bundle_find(
		    c->layer[i], (struct slice){path, strlen(path)}, &n, e);
		if (got < 0)
			return -1;
		if (got == 1)
			return bundle_member(
			    c->layer[i], path, MEMBER_MAX, out, e);
	}
	return err_set(
	    e, EX_DATAERR, 0, "the blob %s is not in the bundles", hex);
}

/* Blobs stand in the bundles whose records name them. */
static int
get_blob(void *arg, const struct digest *d, struct buf *out, struct err *e)
{
	return ckpt_blob(arg, d, out, e);
}

static int
each_line(struct chain *c, const struct buf *text, int64_t last,
    struct journal_mark *m, const struct past_each *each, struct err *e)
{
	struct blob_source blobs = {get_blob, c};
	struct buf room CLEANUP_BUF = {0};
	const char *p = buf_str(text), *end = p + text->len;
	struct record rec;

	while (p < end && m->seq < last) {
		if (record_next(&p, end, &rec, e) < 0)
			return -1;
		if (rec.seq != m->seq + 1 ||
		    (m->seq > 0 && !digest_equal(&rec.prev, &m->head)))
			return err_set(e, EX_DATAERR, 0,
			    "record %lld does not follow the one before it",
			    (long long)rec.seq);
		m->seq = rec.seq;
		m->head = rec.digest;
		if (blob_expand(&blobs, rec.body, &room, &rec.body, e) < 0 ||
		    each->record(each->arg, &rec, e) < 0)
			return -1;
	}
	return 0;
}

/* The records up to `last`. */
static int
each_record(struct chain *c, int64_t last, struct journal_mark *m,
    const struct past_each *each, struct err *e)
{
	size_t i;

	for (i = 0; i < c->count && m->seq < last; i++) {
		struct buf lines CLEANUP_BUF = {0};

		if (bundle_member(c->layer[i], "agent/journal.jsonl",
			MEMBER_MAX, &lines, e) < 0 ||
		    each_line(c, &lines, last, m, each, e) < 0)
			return -1;
	}
	return 0;
}

int
ckpt_records(struct chain *c, const struct past_each *each, struct err *e)
{
	const struct manifest *newest = &chain_newest(c)->manifest;
	struct journal_mark m = {0};

	if (each_record(c, INT64_MAX, &m, each, e) < 0)
		return -1;
	if (m.seq != newest->seq || !digest_equal(&m.head, &newest->head))
		return err_set(e, EX_DATAERR, 0,
		    "the records do not end with the manifest's head");
	return 0;
}

static int
replay(const struct state_past *past, int64_t last,
    const struct past_each *each, struct err *e)
{
	struct journal_mark m = {0};

	return each_record(past->source, last, &m, each, e);
}

static int
fold(void *arg, const struct record *rec, struct err *e)
{
	return state_apply(arg, rec, e);
}

static int
compare(
    struct bundle *b, const char *path, const struct buf *want, struct err *e)
{
	struct buf is CLEANUP_BUF = {0};

	if (bundle_member(b, path, MEMBER_MAX, &is, e) < 0)
		return -1;
	if (is.len != want->len ||
	    memcmp(buf_str(&is), buf_str(want), is.len) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "'%s' is not what the records make of it", path);
	return 0;
}

static int
fold_records(struct chain *c, struct state *s, struct err *e)
{
	struct past_each each = {fold, s};

	s->past = (struct state_past){.replay = replay, .source = c, .dir = -1};
	return ckpt_records(c, &each, e);
}

int
ckpt_state(struct chain *c, struct state *out, struct err *e)
{
	struct state s;

	state_init(&s);
	if (fold_records(c, &s, e) < 0) {
		state_free(&s);
		return -1;
	}
	s.past = (struct state_past){.dir = -1};
	*out = s;
	return 0;
}

static int
prove(struct chain *c, struct state *s, struct err *e)
{
	struct bundle *newest = chain_newest(c);
	struct buf want CLEANUP_BUF = {0};

	if (fold_records(c, s, e) < 0)
		return -1;
	state_json(s, &want);
	if (compare(newest, "agent/state.json", &want, e) < 0)
		return -1;
	buf_clear(&want);
	grants_json(s, &want);
	return compare(newest, "agent/grants.json", &want, e);
}

int
ckpt_prove_state(struct chain *c, struct err *e)
{
	struct state s;
	int r;

	state_init(&s);
	r = prove(c, &s, e);
	state_free(&s);
	return r;
}
