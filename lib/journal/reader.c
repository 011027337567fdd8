#include "journal/reader.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
}

/* Read on at the window's end: count, 0 at the end of the file, -1. */
static ssize_t
fill(struct reader *r, struct err *e)
{
	ssize_t n;

	if (r->at > STEP) { /* forget what was given already */
		buf_drop(&r->window, r->at);
		r->base += (int64_t)r->at;
		r->group_end -= r->at;
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
		nl = r->window.len == *at + seen ? NULL :
		    memchr(r->window.data + *at + seen, '\n',
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
check_chain(const struct record *rec, const struct journal_mark *m,
    struct err *e)
{
	if (rec->seq != m->seq + 1)
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " stands where %" PRId64 " should",
		    rec->seq, m->seq + 1);
	if (!digest_equal(&rec->prev, &m->head))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " does not follow the one before it",
		    rec->seq);
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
 * Bad bytes begin at `at`.  When a whole last record of a group stands there
 * or later, somebody wrote after them: damage.  Else it is what a crash left.
 */
static int
torn_or_damaged(struct reader *r, size_t at, const struct err *why,
    struct err *e)
{
	int64_t offset = r->base + (int64_t)at;
	struct record rec;
	struct err other;
	size_t len;
	int got;

	while ((got = get_line(r, &at, &len, e)) == 1) {
		if (record_parse(r->window.data + at, len, &rec, &other) == 0 &&
		    !rec.more)
			return err_set(e, EX_DATAERR, 0,
			    "the journal is damaged at byte %" PRId64 ": %s",
			    offset, why->msg);
		at += len + 1;
		if (at - r->at > STEP && r->group_end <= r->at) {
			r->at = r->group_end = at; /* let fill forget */
		}
	}
	if (got < 0)
		return -1;
	r->torn = true;
	return 0;
}

/* Find the end of the group that starts at r->at: 1, 0 at the end, -1. */
static int
find_group(struct reader *r, struct err *e)
{
	struct journal_mark m = r->mark;
	struct record rec;
	struct err why;
	size_t at = r->at, len;
	int got;

	for (;;) {
		got = get_line(r, &at, &len, e);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		if (record_parse(r->window.data + at, len, &rec, &why) < 0 ||
		    check_chain(&rec, &m, &why) < 0)
			return torn_or_damaged(r, at, &why, e);
		advance(&m, &rec);
		at += len + 1;
		if (!rec.more) {
			r->group_end = at;
			return 1;
		}
	}
	r->torn = r->window.len > r->at;
	return 0;
}

int
reader_next(struct reader *r, struct record *out, struct err *e)
{
	struct record rec;
	const char *nl;
	int got;

	r->torn = false;
	if (r->at >= r->group_end) {
		got = find_group(r, e);
		if (got <= 0) {
			/* What is there may be half a write: look afresh. */
			r->size = r->base + (int64_t)r->window.len;
			r->base = r->mark.offset;
			buf_clear(&r->window);
			r->at = r->group_end = 0;
			return got;
		}
	}
	nl = memchr(r->window.data + r->at, '\n', r->group_end - r->at);
	if (record_parse(r->window.data + r->at,
	    (size_t)(nl - (r->window.data + r->at)), &rec, e) < 0)
		return -1;
	advance(&r->mark, &rec);
	r->at += rec.line.len + 1;
	*out = rec;
	return 1;
}
