/*
 * A journal that is whole up to some place: the reader gives its records in
 * order, whole groups of them, up to the last that was not touched at least,
 * and nothing else ever.  The input says what groups there are and what was done
 * to the file.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS_MAX = 64 };

struct made {
	struct buf file;
	struct digest digests[RECORDS_MAX];
	size_t ends[RECORDS_MAX]; /* of each record, in the file */
	bool last[RECORDS_MAX];   /* of its group */
	size_t count;
};

/* What is left of the input. */
struct input {
	const uint8_t *p, *end;
};

static unsigned
take(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static void
make(struct made *m, struct input *in)
{
	size_t n = take(in) % RECORDS_MAX, i;
	struct digest prev = {{0}};

	for (i = 0; i < n; i++) {
		struct buf body CLEANUP_BUF = {0};
		unsigned how = take(in);
		struct record r = {.seq = (int64_t)i + 1,
		    .time = (int64_t)i * 1000,
		    .type = (enum record_type)(how % RECORD_TYPES),
		    .more = (how & 128) != 0 && i + 1 < n,
		    .prev = prev};

		buf_printf(
		    &body, "{\"n\":%zu}", (size_t)how * how * how % 9973);
		r.body = (struct slice){body.data, body.len};
		record_write(&r, &m->file);
		prev = r.digest;
		m->digests[i] = r.digest;
		m->last[i] = !r.more;
		m->ends[i] = m->file.len;
	}
	m->count = n;
}

/* Change the file; returns the first byte that is not as it was. */
static size_t
harm(struct buf *b, struct input *in)
{
	unsigned how = take(in);
	unsigned high = take(in), low = take(in);
	size_t at = (high << 8 | low) % (b->len + 1);

	if (how % 4 == 0)
		return b->len; /* nothing */
	if (how % 4 == 1 || at == b->len) {
		buf_cut(b, at);
		buf_add(b, in->p, (size_t)(in->end - in->p));
		return at;
	}
	if (how % 4 == 2)
		b->data[at] = (char)(b->data[at] ^ (1 << (how >> 2) % 8));
	else
		memset(b->data + at, 0, b->len - at);
	return at;
}

static void
check(const struct made *m, size_t intact, bool whole)
{
	int fd = memfd_create("journal", MFD_CLOEXEC);
	struct journal_mark start = {.seq = 0};
	size_t given = 0, due = 0, i;
	struct reader r;
	struct record rec;
	struct err e = {0};
	bool changed = false;
	int got;

	assert(fd >= 0 && file_write_all(fd, m->file.data, m->file.len,
			      "journal", &e) == 0);
	for (i = 0; i < m->count && m->ends[i] <= intact; i++)
		if (m->last[i])
			due = i + 1;
	reader_init(&r, fd, &start);
	while ((got = reader_next(&r, &rec, &e)) == 1) {
		assert(given < m->count && rec.seq == (int64_t)given + 1);
		/* only the next record proves a record's own header */
		assert(!changed);
		changed = !digest_equal(&rec.digest, &m->digests[given]);
		assert(!changed || m->ends[given] > intact);
		given++;
	}
	assert(!changed || got < 0 || given == m->count);
	assert(given >= due);
	assert(given == 0 || m->last[given - 1]);
	assert(got == 0 || (e.status == EX_DATAERR && !whole));
	assert(!whole || (given == m->count && !r.torn));
	assert(r.mark.seq == (int64_t)given);
	reader_free(&r);
	(void)close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, data + size};
	struct made m = {.count = 0};
	size_t before, intact;

	make(&m, &in);
	before = m.file.len;
	intact = harm(&m.file, &in);
	check(&m, intact, intact == before && m.file.len == before);
	buf_free(&m.file);
	return 0;
}
