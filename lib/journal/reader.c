#include "journal/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { STEP = 256 << 10 };

/* A group is held whole; larger ones are not ours. */
#define GROUP_MAX ((size_t)256 << 20)

void
reader_init(struct reader *r, int fd, const struct journal_mark *from)
{
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->mark = *from;
	r->base = from->offset;
	buf_init(&r->window, GROUP_MAX);
}

void
reader_free(struct reader *r)
{
	buf_free(&r->window);
	free(r->group);
	r->group = NULL;
	r->count = r->cap = r->next = 0;
}

/* Read on at the window's end: count, 0 at the end of the file, -1. */
static ssize_t
fill(struct reader *r, struct err *e)
{
	ssize_t n;

	if (r->at > STEP) { /* forget what was given already */
		buf_drop(&r->window, r->at);
		r->base += (int64_t)r->at;
		r->at = 0;
	}
	if (r->window.len + STEP > GROUP_MAX)
		return err_set(e, EX_DATAERR, 0,
		    "a group at byte %" PRId64 " is too large", r->base);
	buf_reserve(&r->window, STEP);
	do
		n = pread(r->fd, r->window.data + r->window.len, STEP,
		    r->base + (int64_t)r->window.len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the journal");
	r->window.len += (size_t)n;
	return n;
}

/* The line that starts at `at` of the window: 1 with its length, 0 when the
 * file ends before it does, -1. */
static int
get_line(struct reader *r, size_t *at, size_t *len, struct err *e)
{
	size_t seen = 0, rel = *at - r->at;
	const char *nl;
	ssize_t n;

	for (;;) {
		nl = r->window.len == *at + seen
			 ? NULL
			 : memchr(r->window.data + *at + seen, '\n',
			       r->window.len - *at - seen);
		if (nl != NULL) {
			*len = (size_t)(nl - (r->window.data + *at));
			return 1;
		}
		seen = r->window.len - *at;
		n = fill(r, e);
		*at = r->at + rel; /* fill may have moved the window */
		if (n <= 0)
			return (int)n;
	}
}

static int
check_chain(
    const struct record *rec, const struct journal_mark *m, struct err *e)
{
	if (rec->seq != m->seq + 1)
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " stands there", rec->seq);
	if (!digest_equal(&rec->prev, &m->head))
		return err_set(
		    e, EX_DATAERR, 0, "it does not follow the one before it");
	return 0;
}

static void
advance(struct journal_mark *m, const struct record *rec)
{
	m->seq = rec->seq;
	m->time = rec->time;
	m->head = rec->digest;
	m->offset += (int64_t)rec->line.len + 1;
}

/*
 * Bad bytes begin at `at`, where record `seq` should stand.  When a whole last
 * record of a group stands there or later, somebody wrote after them: damage.
 * Else it is what a crash left.
 */
static int
torn_or_damaged(struct reader *r, size_t at, int64_t seq, const struct err *why,
    struct err *e)
{
	int64_t offset = r->base + (int64_t)at;
	struct record rec;
	struct err other;
	size_t len;
	int got;

	while ((got = get_line(r, &at, &len, e)) == 1) {
		if (record_parse(r->window.data + at, len, &rec, &other) == 0 &&
		    !rec.more) {
			r->bad = seq;
			return err_set(e, EX_DATAERR, 0,
			    "the journal is damaged at record %" PRId64
			    ", byte %" PRId64 ": %s",
			    seq, offset, why->msg);
		}
		at += len + 1;
		if (at - r->at > STEP)
			r->at = at; /* let fill forget */
	}
	if (got < 0)
		return -1;
	r->torn = true;
	return 0;
}

/* The records of the group that starts at r->at: 1, 0 at the end, -1. */
static int
find_group(struct reader *r, struct err *e)
{
	struct journal_mark m = r->mark;
	struct reader_found f;
	struct err why;
	size_t at = r->at, len, i;
	int got;

	r->count = r->next = 0;
	while ((got = get_line(r, &at, &len, e)) == 1) {
		if (record_parse(r->window.data + at, len, &f.rec, &why) < 0 ||
		    check_chain(&f.rec, &m, &why) < 0)
			return torn_or_damaged(r, at, m.seq + 1, &why, e);
		advance(&m, &f.rec);
		f.at = at - r->at; /* reading on may move the window */
		mem_room(&r->group, r->count, &r->cap, sizeof(*r->group));
		r->group[r->count++] = f;
		at += len + 1;
		if (!f.rec.more)
			break;
	}
	if (got == 0)
		r->torn = r->window.len > r->at;
	for (i = 0; got == 1 && i < r->count; i++)
		r->group[i].at += r->at;
	return got;
}

/* What is in the window may be half a write, or cut off by now: look afresh
 * at what follows the last record given. */
static void
forget(struct reader *r)
{
	r->size = r->base + (int64_t)r->window.len;
	r->base = r->mark.offset;
	buf_clear(&r->window);
	r->at = r->count = r->next = 0;
}

/* A tail that was read before its writer's successor cut it off, and what
 * stands there instead, look like damage only together: look again. */
static int
next_group(struct reader *r, struct err *e)
{
	struct err why = {0};
	int got, tries = 4;

	do {
		got = find_group(r, &why);
		if (got <= 0)
			forget(r);
	} while (got < 0 && why.status == EX_DATAERR && --tries > 0);
	if (got < 0)
		*e = why;
	return got;
}

int
reader_next(struct reader *r, struct record *out, struct err *e)
{
	struct record *rec;
	int got;

	r->torn = false;
	if (r->next == r->count) {
		got = next_group(r, e);
		if (got <= 0)
			return got;
	}
	rec = &r->group[r->next].rec;
	rec->line.data = r->window.data + r->group[r->next].at;
	rec->body.data = rec->line.data + rec->line.len - rec->body.len - 1;
	r->next++;
	r->at += rec->line.len + 1;
	advance(&r->mark, rec);
	*out = *rec;
	return 1;
}
