#include "audit/source.h"

#include <inttypes.h>
#include <string.h>

#define MEMBER_MAX ((size_t)1 << 30)

/* ---- opening -------------------------------------------------------------------------- */

int
source_open_agent(
    struct root *root, const char *id, struct source *out, struct err *e)
{
	struct source s = {.root = root, .live = true, .bundles.dir = -1};

	if (history_open(root, id, &s.history, e) < 0)
		return -1;
	memcpy(s.id, s.history.info.id, sizeof(s.id));
	*out = s;
	return 0;
}

static int
open_bundle(struct root *root, const char *name, int64_t most,
    struct source *out, struct err *e)
{
	struct source s = {.root = root, .history = {.dir = -1}};

	if (ckpt_open(root, name, CKPT_HISTORY, most, &s.bundles, e) < 0)
		return -1;
	(void)snprintf(s.id, sizeof(s.id), "%s",
	    chain_newest(&s.bundles.chain)->manifest.agent);
	*out = s;
	return 0;
}

int
source_open(struct root *root, const char *name, int64_t most,
    const struct err *why, struct source *out, struct err *e)
{
	char id[ULID_TEXT];
	struct err none;

	(void)err_set(&none, EX_NOINPUT, 0, "there are no agents here");
	if (strcmp(name, "-") == 0 || strchr(name, '/') != NULL)
		return open_bundle(root, name, most, out, e);
	if (root != NULL && strchr(name, '@') == NULL &&
	    root_find(root, name, id, &none) == 0)
		return source_open_agent(root, id, out, e);
	if (none.status == EX_NOINPUT && ckpt_is_path(name))
		return open_bundle(root, name, most, out, e);
	if (root == NULL)
		none = why != NULL ? *why : none;
	else if (strchr(name, '@') != NULL)
		return open_bundle(root, name, most, out, e);
	*e = none;
	return -1;
}

void
source_close(struct source *s)
{
	if (s->live)
		history_close(&s->history);
	else
		ckpt_close(&s->bundles);
}

/* ---- walking -------------------------------------------------------------------------- */

void
source_walk_init(struct source *s, struct source_walk *w)
{
	*w = (struct source_walk){.source = s};
	if (!s->live)
		return;
	history_reader(&s->history, &w->reader);
	w->mark = w->reader.reader.mark;
}

void
source_walk_free(struct source_walk *w)
{
	if (w->source->live)
		lineage_reader_free(&w->reader);
	buf_free(&w->lines);
}

/* The records of the next bundle: 1; 0 at the end, which has to be the head
 * that the newest one names. */
static int
next_bundle(struct source_walk *w, struct err *e)
{
	struct chain *c = &w->source->bundles.chain;
	const struct manifest *newest = &chain_newest(c)->manifest;

	if (w->layer == c->count) {
		if (w->mark.seq != newest->seq ||
		    !digest_equal(&w->mark.head, &newest->head))
			return err_set(e, EX_DATAERR, 0,
			    "the records do not end with the manifest's head");
		return 0;
	}
	buf_clear(&w->lines);
	if (bundle_member(c->layer[w->layer], "agent/journal.jsonl", MEMBER_MAX,
		&w->lines, e) < 0)
		return -1;
	w->layer++;
	w->at = buf_str(&w->lines);
	return 1;
}

static int
bundles_next(struct source_walk *w, struct record *rec, struct err *e)
{
	int got;

	while (w->at == NULL || w->at == w->lines.data + w->lines.len) {
		got = next_bundle(w, e);
		if (got <= 0)
			return got;
	}
	if (record_next(&w->at, w->lines.data + w->lines.len, rec, e) < 0)
		return err_wrap(e, "record %" PRId64, w->mark.seq + 1);
	if (rec->seq != w->mark.seq + 1 ||
	    (rec->seq > 1 && !digest_equal(&rec->prev, &w->mark.head)))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " does not follow the one before it",
		    rec->seq);
	w->mark.seq = rec->seq;
	w->mark.time = rec->time;
	w->mark.head = rec->digest;
	return 1;
}

int
source_walk_next(struct source_walk *w, struct record *out, struct err *e)
{
	int got;

	if (!w->source->live)
		return bundles_next(w, out, e);
	got = lineage_next(&w->reader, out, e);
	if (got == 1)
		w->mark = w->reader.reader.mark;
	return got;
}

/* ---- blobs ---------------------------------------------------------------------------- */

int
source_blob(
    struct source *s, const struct digest *d, struct buf *out, struct err *e)
{
	return s->live ? blob_get(s->root, d, out, e)
		       : ckpt_blob(&s->bundles.chain, d, out, e);
}

static int
get_blob(void *arg, const struct digest *d, struct buf *out, struct err *e)
{
	return source_blob(arg, d, out, e);
}

struct blob_source
source_blobs(struct source *s)
{
	return (struct blob_source){get_blob, s};
}

/* ---- what is built on it ---------------------------------------------------------------- */

int
source_each(
    struct source *s, int64_t last, const struct past_each *each, struct err *e)
{
	struct blob_source blobs = source_blobs(s);
	struct buf room CLEANUP_BUF = {0};
	struct source_walk w;
	struct record rec;
	int got;

	source_walk_init(s, &w);
	while (w.mark.seq < last && (got = source_walk_next(&w, &rec, e)) == 1)
		if (blob_expand(&blobs, rec.body, &room, &rec.body, e) < 0 ||
		    each->record(each->arg, &rec, e) < 0) {
			got = -1;
			break;
		}
	source_walk_free(&w);
	return got < 0 ? -1 : 0;
}

static int
none_such(int64_t seq, struct err *e)
{
	return err_set(e, EX_NOINPUT, 0, "there is no record %" PRId64, seq);
}

int
source_record(struct source *s, int64_t seq, struct buf *line, struct err *e)
{
	struct source_walk w;
	struct record rec;
	int got;

	source_walk_init(s, &w);
	do
		got = source_walk_next(&w, &rec, e);
	while (got == 1 && rec.seq != seq);
	if (got == 1)
		buf_add(line, rec.line.data, rec.line.len);
	source_walk_free(&w);
	if (got == 0)
		return none_such(seq, e);
	return got < 0 ? -1 : 0;
}

static int
replay(const struct state_past *past, int64_t last,
    const struct past_each *each, struct err *e)
{
	return source_each(past->source, last, each, e);
}

struct state_past
source_past(struct source *s)
{
	return (struct state_past){.replay = replay, .source = s, .dir = -1};
}

static int
fold(void *arg, const struct record *rec, struct err *e)
{
	return state_apply(arg, rec, e);
}

int
source_state(struct source *s, int64_t seq, struct state *out, struct err *e)
{
	struct state then;
	struct past_each each = {fold, &then};
	int got;

	state_init(&then);
	then.past = source_past(s);
	got = source_each(s, seq == 0 ? INT64_MAX : seq, &each, e);
	if (got == 0 && seq != 0 && then.seq != seq)
		got = none_such(seq, e);
	if (got < 0) {
		state_free(&then);
		return -1;
	}
	then.past = (struct state_past){.dir = -1};
	*out = then;
	return 0;
}
