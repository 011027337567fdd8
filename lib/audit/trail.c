#include "audit/trail.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* By enum trail_kind: the records that have a name, and where. */
static const struct {
	enum record_type type;
	const char *key;
} named[] = {
    [TRAIL_CALL] = {RECORD_TOOL_CALL, "call"},
    [TRAIL_MODEL] = {RECORD_MODEL_CALL, "call"},
    [TRAIL_ASK] = {RECORD_ASK, "request"},
    [TRAIL_ANSWER] = {RECORD_ANSWER, "request"},
    [TRAIL_GRANT] = {RECORD_GRANT, "grant"},
    [TRAIL_COMMAND] = {RECORD_COMMAND, "nonce"},
    [TRAIL_CKPT] = {RECORD_CKPT, "bundle"},
};

/* What reading needs and a trail does not. */
struct reading {
	struct trail *t;
	struct state fold;
	struct members body;
	struct buf room;
	int64_t spooled; /* bytes */
	int64_t said;    /* of the state: index or -1 */
};

/* ---- names ---------------------------------------------------------------- */

static int
note_names(struct reading *r, const struct record *rec, struct err *e)
{
	bool any = false;
	struct slice name;
	size_t i;

	for (i = 0; i < TRAIL_KINDS; i++)
		any = any || named[i].type == rec->type;
	if (!any)
		return 0;
	if (members_read(&r->body, rec->body, e) < 0)
		return err_wrap(e, "record %" PRId64, rec->seq);
	/* A grant that was given on to another agent is none of this one's. */
	if (rec->type == RECORD_GRANT &&
	    members_get(&r->body, "to").data != NULL)
		return 0;
	for (i = 0; i < TRAIL_KINDS; i++) {
		name = members_get(&r->body, named[i].key);
		if (named[i].type == rec->type && name.data != NULL)
			map_put_number(&r->t->names[i], name, rec->seq);
	}
	return 0;
}

int64_t
trail_find(const struct trail *t, enum trail_kind kind, struct slice name)
{
	return name.data == NULL ? 0 : map_get_number(&t->names[kind], name, 0);
}

/* ---- what was said -------------------------------------------------------- */

static int64_t
said_before(const struct trail *t, int64_t seq)
{
	return seq < 1 || (size_t)seq > t->count ? -1
						 : t->records[seq - 1].said;
}

/*
 * A record speaks when the fold has one more message for it.  The messages
 * themselves are of no use here and are dropped, so that memory stays flat.
 */
static void
note_said(struct reading *r, const struct record *rec)
{
	struct trail *t = r->t;
	struct slice body;
	size_t jumps = r->fold.jump_count;
	int64_t before = r->fold.messages + r->fold.held_count;
	struct blob_source blobs = source_blobs(t->source);
	struct record whole = *rec;

	if (t->unsaid.status != 0)
		return;
	if (blob_expand(&blobs, rec->body, &r->room, &body, &t->unsaid) < 0)
		return;
	whole.body = body;
	if (state_apply(&r->fold, &whole, &t->unsaid) < 0)
		return;
	t->unsaid.status = 0;
	if (r->fold.jump_count > jumps) {
		r->said = said_before(t, r->fold.jumps[jumps].to);
	} else if (r->fold.messages + r->fold.held_count > before) {
		mem_room(
		    &t->said, t->said_count, &t->said_cap, sizeof(*t->said));
		t->said[t->said_count] = (struct trail_said){rec->seq, r->said};
		r->said = (int64_t)t->said_count++;
	}
	buf_clear(&r->fold.convo);
	buf_clear(&r->fold.held);
}

int64_t
trail_said(const struct trail *t, int64_t seq, int64_t *at)
{
	*at = *at == -2 ? said_before(t, seq) : t->said[*at].before;
	return *at < 0 ? 0 : t->said[*at].seq;
}

/* ---- reading -------------------------------------------------------------- */

/* Where the line can be read again: those of bundles are kept in a file. */
static int
note_place(struct reading *r, const struct source_walk *w,
    const struct record *rec, struct err *e)
{
	struct trail *t = r->t;
	struct trail_record place = {.said = r->said};

	if (t->source->live) {
		place.offset = w->mark.offset - (int64_t)rec->line.len - 1;
	} else {
		if (file_write_all(t->spool, rec->line.data, rec->line.len,
			"scratch", e) < 0 ||
		    file_write_all(t->spool, "\n", 1, "scratch", e) < 0)
			return -1;
		place.offset = r->spooled;
		r->spooled += (int64_t)rec->line.len + 1;
	}
	mem_room(&t->records, t->count, &t->cap, sizeof(*t->records));
	t->records[t->count++] = place;
	return 0;
}

static int
read_all(struct reading *r, int64_t last, struct err *e)
{
	struct source_walk w;
	struct record rec;
	bool more = true;
	int got = 0;

	source_walk_init(r->t->source, &w);
	while ((w.mark.seq < last || more) &&
	       (got = source_walk_next(&w, &rec, e)) == 1) {
		more = rec.more;
		note_said(r, &rec);
		if (note_names(r, &rec, e) < 0 ||
		    note_place(r, &w, &rec, e) < 0) {
			got = -1;
			break;
		}
	}
	if (got >= 0 && w.mark.seq < last)
		got = err_set(
		    e, EX_NOINPUT, 0, "there is no record %" PRId64, last);
	source_walk_free(&w);
	return got < 0 ? -1 : 0;
}

int
trail_open(struct source *s, int64_t last, struct trail *out, struct err *e)
{
	struct trail t = {.source = s, .spool = -1};
	struct reading r = {.t = &t, .said = -1};
	size_t i, n = s->live ? s->history.lineage.count : 0;
	int got;

	if (!s->live && file_scratch(&t.spool, e) < 0)
		return -1;
	t.fds = mem_new(n + 1, sizeof(*t.fds));
	for (i = 0; i < n; i++)
		t.fds[i] = -1;
	state_init(&r.fold);
	r.fold.past = source_past(s);
	got = read_all(&r, last, e);
	state_free(&r.fold);
	members_free(&r.body);
	buf_free(&r.room);
	if (got < 0)
		trail_close(&t);
	else
		*out = t;
	return got;
}

void
trail_close(struct trail *t)
{
	size_t i;

	for (i = 0; i < TRAIL_KINDS; i++)
		map_free(&t->names[i]);
	for (i = 0; t->source->live && i < t->source->history.lineage.count;
	     i++)
		fd_cleanup(&t->fds[i]);
	free(t->fds);
	free(t->records);
	free(t->said);
	buf_free(&t->line);
	fd_cleanup(&t->spool);
}

/* The file that the record stands in. */
static int
file_of(struct trail *t, int64_t seq, int *fd, struct err *e)
{
	const struct lineage *l = &t->source->history.lineage;
	size_t level;

	if (!t->source->live) {
		*fd = t->spool;
		return 0;
	}
	level = lineage_level(l, seq);
	if (t->fds[level] < 0 &&
	    lineage_journal(l, level, &t->fds[level], e) < 0)
		return -1;
	*fd = t->fds[level];
	return 0;
}

/* The line at `offset`, which ends within a record's longest. */
static int
read_line(struct trail *t, int fd, int64_t offset, struct err *e)
{
	const size_t step = (size_t)16 << 10;
	const char *nl;
	ssize_t n;

	buf_clear(&t->line);
	do {
		buf_reserve(&t->line, step);
		n = pread(fd, t->line.data + t->line.len, step,
		    offset + (int64_t)t->line.len);
		if (n <= 0)
			return err_set(e, EX_IOERR, n < 0 ? errno : 0,
			    "cannot read the journal again");
		nl = memchr(t->line.data + t->line.len, '\n', (size_t)n);
		t->line.len += (size_t)n;
	} while (nl == NULL && t->line.len <= RECORD_MAX + step);
	if (nl == NULL)
		return err_set(e, EX_DATAERR, 0, "the journal has changed");
	buf_cut(&t->line, (size_t)(nl - t->line.data));
	return 0;
}

int
trail_record(struct trail *t, int64_t seq, struct record *out, struct err *e)
{
	struct record rec;
	int fd;

	if (seq < 1 || (size_t)seq > t->count)
		return err_set(
		    e, EX_NOINPUT, 0, "there is no record %" PRId64, seq);
	if (file_of(t, seq, &fd, e) < 0 ||
	    read_line(t, fd, t->records[seq - 1].offset, e) < 0 ||
	    record_parse(t->line.data, t->line.len, &rec, e) < 0)
		return -1;
	if (rec.seq != seq)
		return err_set(e, EX_DATAERR, 0, "the journal has changed");
	*out = rec;
	return 0;
}
