#include "audit/proving.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/cache.h"
#include "base/file.h"
#include "base/mem.h"

/* What may be left of a group that was never finished. */
#define TAIL_MAX ((int64_t)256 << 20)

/* ---- one record ----------------------------------------------------------------------------- */

/* The description of an agent that was forked is what its birth says. */
static int
check_birth(const struct proving *p, const struct record *rec, struct err *e)
{
	const struct lineage *l = &p->source->history.lineage;
	struct slice token;
	struct digest d;

	/* Of an agent that was brought in the births before its own are here,
	 * but none of the descriptions. */
	if (rec->type != RECORD_BORN || rec->seq == 1 || !p->source->live ||
	    lineage_level(l, rec->seq) == lineage_level(l, rec->seq - 1))
		return 0;
	if (json_raw(rec->body, "info", &token) < 0 || token.len < 2 ||
	    digest_parse(token.data + 1, token.len - 2, &d) < 0 ||
	    !digest_equal(&d, &l->level[lineage_level(l, rec->seq)].info))
		return err_set(e, EX_DATAERR, 0,
		    "'" INFO_FILE "' is not the one that the agent was born "
		    "with");
	return 0;
}

/* A blob that a record names beside those of its body. */
static int
check_named(struct proving *p, const struct record *rec, struct err *e)
{
	struct buf blob CLEANUP_BUF = {0};
	const char *key =
	    rec->type == RECORD_MODEL_CALL                            ? "tools"
	    : rec->type == RECORD_RESTORE || rec->type == RECORD_JOIN ? "paths"
								      : NULL;
	struct slice token;
	struct digest d;

	if (key == NULL || json_raw(rec->body, key, &token) < 0 ||
	    token.len < 2 ||
	    digest_parse(token.data + 1, token.len - 2, &d) < 0)
		return 0;
	if (p->has_tools && digest_equal(&d, &p->tools))
		return 0;
	if (source_blob(p->source, &d, &blob, e) < 0)
		return -1;
	if (rec->type == RECORD_MODEL_CALL) {
		p->tools = d;
		p->has_tools = true;
	}
	return 0;
}

static int
check_own(struct proving *p, const struct record *rec, struct slice *body,
    struct buf *room, struct err *e)
{
	struct blob_source blobs = source_blobs(p->source);

	if (check_birth(p, rec, e) < 0 || check_named(p, rec, e) < 0 ||
	    blob_expand(&blobs, rec->body, room, body, e) < 0)
		return -1;
	return rec->type == RECORD_CKPT && p->source->live
		   ? prove_ckpt(p, rec, e)
		   : 0;
}

static int
check_parts(void *arg, const struct record *rec, struct err *e)
{
	struct buf room CLEANUP_BUF = {0};
	struct proving *p = arg;
	struct record whole = *rec;

	if (record_redacted(rec))
		return 0;
	if (check_own(p, rec, &whole.body, &room, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	return p->source->live ? order_audit(&p->orders, &whole, e) : 0;
}

/* The chain and the sums were checked by who read it. */
static int
check(struct proving *p, const struct record *rec, struct err *e)
{
	struct verify_result *sum = &p->result->sum;

	p->recent[rec->seq % PROVE_RECENT] = rec->digest;
	if (prove_against(p, rec, e) < 0)
		return -1;
	if (rec->seq >= p->opt->from)
		return verify_record(rec, &p->each, sum, e);
	sum->records++;
	if (p->opt->head != NULL && digest_equal(p->opt->head, &rec->digest))
		sum->found_head = true;
	return 0;
}

/* ---- the end -------------------------------------------------------------------------------- */

/* A line that is not whole: what one that was being written begins with. */
static bool
is_beginning(const char *line, size_t len, int64_t seq)
{
	char want[64];
	size_t n;

	(void)snprintf(
	    want, sizeof(want), "{\"seq\":%" PRId64 ",\"time\":\"", seq);
	n = strlen(want) < len ? strlen(want) : len;
	return memcmp(line, want, n) == 0 || line[0] == '\0';
}

/*
 * A writer that died leaves the beginning of a group: whole records, none the
 * last of it, and perhaps a part of one (or zeros, after a power failure).
 * What is none of this was put there.
 */
static int
check_left(const char *text, size_t len, const struct journal_mark *m,
    int64_t *bad, struct err *e)
{
	const char *end = text + len, *nl;
	struct journal_mark at = *m;
	struct record rec;
	struct err why;

	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		*bad = at.seq + 1;
		if (nl == NULL) {
			if (is_beginning(
				text, (size_t)(end - text), at.seq + 1))
				return 0;
			break;
		}
		if (record_parse(text, (size_t)(nl - text), &rec, &why) < 0 ||
		    rec.seq != at.seq + 1 ||
		    !digest_equal(&rec.prev, &at.head) || !rec.more)
			break;
		at.seq = rec.seq;
		at.head = rec.digest;
	}
	if (text >= end)
		return 0;
	return err_set(e, EX_DATAERR, 0,
	    "the journal is damaged at record %" PRId64
	    ": what stands there no writer left",
	    *bad);
}

static int
check_tail(struct proving *p, const struct source_walk *w, struct err *e)
{
	const struct lineage *l = &p->source->history.lineage;
	const struct reader *r = &w->reader.reader;
	struct buf text CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1;
	int64_t bad = 0;
	ssize_t n;

	p->result->sum.torn_bytes = r->size - r->mark.offset;
	if (p->result->sum.torn_bytes > TAIL_MAX)
		return err_set(e, EX_DATAERR, 0, "the last group is too large");
	if (lineage_journal(l, l->count - 1, &fd, e) < 0)
		return -1;
	buf_reserve(&text, (size_t)p->result->sum.torn_bytes);
	do
		n = pread(fd, text.data, (size_t)p->result->sum.torn_bytes,
		    r->mark.offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the journal");
	if (check_left(text.data, (size_t)n, &r->mark, &bad, e) < 0) {
		p->result->bad = bad;
		return -1;
	}
	return 0;
}

/* Go through all of it: 0 at the end.  A tail that looks wrong may be one that
 * is being cut off and written anew: it is looked at again. */
static int
walk(struct proving *p, struct source_walk *w, struct err *e)
{
	struct err why = {0};
	struct record rec;
	int got, left = 3;

	for (;;) {
		p->result->bad = w->mark.seq + 1;
		got = source_walk_next(w, &rec, e);
		if (got < 0) {
			if (p->source->live && w->reader.reader.bad > 0)
				p->result->bad = w->reader.reader.bad;
			return -1;
		}
		if (got == 1) {
			if (check(p, &rec, e) < 0)
				return -1;
			continue;
		}
		p->result->bad = 0;
		if (!p->source->live || !w->reader.reader.torn)
			return 0;
		if (check_tail(p, w, &why) == 0)
			return 0;
		if (--left == 0) {
			*e = why;
			return -1;
		}
	}
}

static int
finish(struct proving *p, const struct source_walk *w, struct err *e)
{
	struct verify_result *sum = &p->result->sum;

	sum->mark = w->mark;
	p->result->bad = w->mark.seq + 1;
	if (prove_against_end(p, w->mark.seq, e) < 0)
		return -1;
	if (verify_end(&p->each, sum, e) < 0) {
		if (sum->foreign_seq != 0)
			p->result->bad = sum->foreign_seq;
		return -1;
	}
	p->result->bad = p->orders.foreign;
	if (p->source->live && order_audit_end(&p->orders, e) < 0)
		return -1;
	p->result->bad = 0;
	if (p->opt->head == NULL)
		sum->found_head = true;
	return p->source->live ? prove_ckpts(p, e) : prove_layers(p, e);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Whose seals they must be, and where the last run stopped. */
static int
look_up(struct proving *p, struct journal_mark *known, struct err *e)
{
	struct source *s = p->source;
	struct state last;
	struct err none;

	p->each.key = p->opt->key;
	if (!s->live)
		return 0;
	if (p->each.key == NULL && root_public(s->root, &p->key, &none) == 0) {
		p->each.key = &p->key;
	} else if (p->each.key == NULL && none.status != EX_NOINPUT) {
		*e = none;
		return -1;
	}
	state_init(&last);
	if (cache_load(s->history.dir, true, &last, known) == 1)
		p->each.known = known;
	state_free(&last);
	return 0;
}

int
prove(struct source *s, const struct prove_options *o, struct prove_result *out,
    struct err *e)
{
	struct proving p = {.source = s,
	    .opt = o,
	    .result = out,
	    .orders.root = s->root,
	    .each = {.head = o->head, .each = check_parts}};
	struct journal_mark known;
	struct source_walk w;
	int got;

	*out = (struct prove_result){0};
	p.each.arg = &p;
	source_walk_init(s, &w);
	got = look_up(&p, &known, e);
	if (got == 0)
		got = prove_against_load(&p, e);
	if (got == 0)
		got = walk(&p, &w, e);
	if (got == 0)
		got = finish(&p, &w, e);
	source_walk_free(&w);
	order_audit_free(&p.orders);
	free(p.ckpt);
	free(p.held);
	return got;
}
