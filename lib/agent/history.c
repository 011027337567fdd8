#include "agent/history.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "agent/cache.h"
#include "agent/order.h"
#include "base/file.h"
#include "base/json.h"
#include "journal/journal.h"

int
history_open(
    struct root *root, const char *id, struct history *out, struct err *e)
{
	struct history h = {.root = root, .dir = -1};

	if (file_open(root->agents, id, O_RDONLY | O_DIRECTORY, 0, &h.dir, e) <
		0 ||
	    info_read(h.dir, id, &h.info, e) < 0 ||
	    lineage_open(h.dir, &h.info, &h.lineage, e) < 0) {
		history_close(&h);
		return err_wrap(e, "agent '%s'", id);
	}
	*out = h;
	return 0;
}

void
history_close(struct history *h)
{
	lineage_close(&h->lineage);
	info_free(&h->info);
	fd_cleanup(&h->dir);
}

void
history_reader(const struct history *h, struct lineage_reader *r)
{
	lineage_reader_init(r, &h->lineage, NULL);
}

/* ---- verify ------------------------------------------------------------------------- */

struct checking {
	struct history *h;
	struct order_audit orders;
};

/* The description of an agent that was forked is what its birth says. */
static int
check_birth(const struct history *h, const struct record *rec, struct err *e)
{
	const struct lineage *l = &h->lineage;
	const struct lineage_level *own = &l->level[lineage_level(l, rec->seq)];
	struct slice token;
	struct digest d;

	/* One that was brought in has that of its ancestors as its own. */
	if (rec->type != RECORD_BORN || rec->seq == 1 ||
	    own->before != rec->seq - 1)
		return 0;
	if (json_raw(rec->body, "info", &token) < 0 || token.len < 2 ||
	    digest_parse(token.data + 1, token.len - 2, &d) < 0 ||
	    !digest_equal(&d, &own->info))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 ": '" INFO_FILE "' is not the one that "
		    "the agent was born with",
		    rec->seq);
	return 0;
}

static int
check_parts(void *arg, const struct record *rec, struct err *e)
{
	struct buf room CLEANUP_BUF = {0}, tools CLEANUP_BUF = {0};
	struct checking *c = arg;
	struct history *h = c->h;
	struct record whole = *rec;
	struct blob_source blobs = blob_root(h->root);
	struct slice body, token;
	const char *key = rec->type == RECORD_MODEL_CALL ? "tools"
			  : rec->type == RECORD_RESTORE  ? "paths"
							 : NULL;
	struct digest d;
	int r = 0;

	if (record_redacted(rec))
		return 0;
	if (check_birth(h, rec, e) < 0)
		return -1;
	r = blob_expand(&blobs, rec->body, &room, &body, e);
	if (r == 0 && key != NULL && json_raw(rec->body, key, &token) == 0 &&
	    token.len > 2 &&
	    digest_parse(token.data + 1, token.len - 2, &d) == 0)
		r = blob_get(h->root, &d, &tools, e);
	whole.body = body;
	if (r == 0)
		return order_audit(&c->orders, &whole, e);
	return r < 0 ? err_wrap(e, "record %" PRId64, rec->seq) : 0;
}

static int
verify_all(const struct history *h, const struct verify_options *o,
    struct verify_result *out, struct err *e)
{
	struct verify_result res = {0};
	struct lineage_reader r;
	struct record rec;
	int got;

	history_reader(h, &r);
	while ((got = lineage_next(&r, &rec, e)) == 1)
		if (verify_record(&rec, o, &res, e) < 0) {
			got = -1;
			break;
		}
	res.mark = r.reader.mark;
	if (r.reader.torn)
		res.torn_bytes = r.reader.size - r.reader.mark.offset;
	lineage_reader_free(&r);
	if (got < 0 || verify_end(o, &res, e) < 0)
		return -1;
	*out = res;
	return 0;
}

int
history_verify(struct history *h, const struct digest *head,
    struct verify_result *out, struct err *e)
{
	struct checking c = {h, {.root = h->root}};
	struct verify_options o = {
	    .head = head, .each = check_parts, .arg = &c};
	struct journal_mark known;
	struct sign_public key;
	struct verify_result res;
	struct state last;
	struct err none;
	int got;

	if (root_public(h->root, &key, &none) == 0) {
		o.key = &key;
	} else if (none.status != EX_NOINPUT) {
		*e = none;
		return -1;
	}
	/* The last stop's place is a head that is known. */
	state_init(&last);
	if (cache_load(h->dir, true, &last, &known) == 1)
		o.known = &known;
	state_free(&last);
	got = verify_all(h, &o, &res, e);
	if (got == 0)
		got = order_audit_end(&c.orders, e);
	order_audit_free(&c.orders);
	if (got == 0)
		*out = res;
	return got;
}

/* ---- single records ---------------------------------------------------------------------- */

int
history_record(
    const struct history *h, int64_t seq, struct buf *line, struct err *e)
{
	struct lineage_reader r;
	struct record rec;
	int got;

	history_reader(h, &r);
	do
		got = lineage_next(&r, &rec, e);
	while (got == 1 && rec.seq != seq);
	if (got == 1)
		buf_add(line, rec.line.data, rec.line.len);
	lineage_reader_free(&r);
	if (got == 0)
		return err_set(
		    e, EX_NOINPUT, 0, "there is no record %" PRId64, seq);
	return got < 0 ? -1 : 0;
}
