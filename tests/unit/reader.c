/* Iterating a journal: whole groups only, torn ends, damage, windows. */
#include "journal/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "tap.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static const struct journal_mark start = {.head.b = {1, 2, 3}};

/* Append a record with `size` bytes of text. */
static void
add(struct buf *out, struct journal_mark *m, size_t size, bool more)
{
	struct buf body CLEANUP_BUF = {0};
	struct record r = {.seq = m->seq + 1,
	    .time = (m->seq + 1) * CLOCK_SECOND,
	    .type = RECORD_NOTE,
	    .more = more,
	    .prev = m->head};
	size_t from = out->len;

	buf_printf(&body, "{\"text\":\"");
	buf_reserve(&body, size + 2);
	memset(body.data + body.len, 'x', size);
	body.len += size;
	buf_puts(&body, "\"}");
	r.body = (struct slice){body.data, body.len};
	record_write(&r, out);
	m->seq = r.seq;
	m->time = r.time;
	m->head = r.digest;
	m->offset += (int64_t)(out->len - from);
}

/* A file without a name that holds these bytes. */
static int
file_of(const char *data, size_t len)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct err e;

	if (fd < 0 || file_write_all(fd, data, len, "journal", &e) < 0) {
		printf("Bail out! cannot make a file: %s\n", strerror(errno));
		exit(1);
	}
	return fd;
}

struct outcome {
	int end; /* 0 or -1 */
	int64_t records;
	bool torn;
	struct journal_mark mark;
	struct err e;
};

static struct outcome
read_all(const char *data, size_t len)
{
	struct outcome o = {0};
	int fd CLEANUP_FD = file_of(data, len);
	struct reader r;
	struct record rec;

	reader_init(&r, fd, &start);
	while ((o.end = reader_next(&r, &rec, &o.e)) == 1)
		o.records++;
	o.torn = r.torn;
	o.mark = r.mark;
	reader_free(&r);
	return o;
}

static void
test_whole(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct journal_mark m = start;
	struct outcome o;
	int i;

	o = read_all("", 0);
	ok(o.end == 0 && o.records == 0 && !o.torn,
	    "an empty one has no record");
	for (i = 0; i < 100; i++)
		add(&b, &m, (size_t)i * 10, i % 4 != 3);
	o = read_all(b.data, b.len);
	ok(o.end == 0 && o.records == 100 && !o.torn, "all records are given");
	ok(o.mark.seq == m.seq && o.mark.offset == m.offset &&
		o.mark.time == m.time && digest_equal(&o.mark.head, &m.head),
	    "the mark is the place behind the last, with its digest and time");
}

/* Cut everywhere within the last group of `n` records. */
static void
cut_everywhere(int n)
{
	struct buf b CLEANUP_BUF = {0};
	struct journal_mark m = start, whole;
	size_t cut, wrong = 0;
	struct outcome o;
	int i;

	for (i = 0; i < 5; i++)
		add(&b, &m, 10, i == 1 || i == 3);
	whole = m;
	for (i = 0; i < n; i++)
		add(&b, &m, 10, i + 1 < n);
	for (cut = (size_t)whole.offset; cut < b.len; cut++) {
		o = read_all(b.data, cut);
		if (o.end != 0 || o.records != 5 ||
		    o.torn != (cut > (size_t)whole.offset) ||
		    o.mark.offset != whole.offset ||
		    !digest_equal(&o.mark.head, &whole.head))
			wrong++;
	}
	ok(wrong == 0,
	    "cut at any byte of a last group of %d, all groups before it are "
	    "given, none of it, and the end is called torn",
	    n);
	o = read_all(b.data, b.len);
	ok(o.end == 0 && o.records == 5 + n && !o.torn,
	    "and uncut, the group is given");
}

/* A crash of the machine may leave a file's length without its bytes. */
static void
test_zeros(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct journal_mark m = start;
	char zeros[5000] = {0};
	struct outcome o;

	add(&b, &m, 10, false);
	buf_add(&b, zeros, sizeof(zeros));
	o = read_all(b.data, b.len);
	ok(o.end == 0 && o.records == 1 && o.torn && o.mark.offset == m.offset,
	    "zeros behind the last group are a torn end");
}

static void
test_damage(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct journal_mark m = start, third;
	size_t at, from, missed = 0, unnamed = 0;
	struct outcome o;
	int i;

	for (i = 0; i < 3; i++)
		add(&b, &m, 10, false);
	third = m;
	from = b.len;
	add(&b, &m, 10, false);
	at = b.len;
	add(&b, &m, 10, true);
	add(&b, &m, 10, false);
	for (; from < at; from++) {
		b.data[from] ^= 1;
		o = read_all(b.data, b.len);
		if (o.end != -1 || o.e.status != EX_DATAERR || o.records > 4)
			missed++;
		else if (strstr(o.e.msg, "at record 4,") == NULL &&
			 strstr(o.e.msg, "at record 5,") == NULL)
			unnamed++;
		b.data[from] ^= 1;
	}
	ok(missed == 0,
	    "a changed bit in the middle is damage, status 65, "
	    "wherever it is (%zu missed)",
	    missed);
	ok(unnamed == 0,
	    "which names the record, or the one that no longer "
	    "follows it (%zu did not)",
	    unnamed);
	o = read_all(b.data, b.len);
	ok(o.end == 0 && o.records == 6, "and unchanged it is read");
	buf_cut(&b, (size_t)third.offset);
	m = third;
	m.seq++; /* one is left out */
	add(&b, &m, 10, false);
	o = read_all(b.data, b.len);
	ok(o.end == -1 && o.e.status == EX_DATAERR &&
		strstr(o.e.msg, "at record 4, byte") != NULL,
	    "a number that is left out is damage");
}

/* Records and groups larger than the part of the file that is read at once. */
static void
test_windows(void)
{
	static const size_t sizes[] = {1, 100, 65000, 262000, 262144, 300000, 3,
	    1000000, 7, 262143, 524288, 1};
	struct buf b CLEANUP_BUF = {0};
	struct journal_mark m = start;
	struct outcome o;
	size_t i, wrong = 0, at;

	for (i = 0; i < 3 * COUNT_OF(sizes); i++)
		add(&b, &m, sizes[i % COUNT_OF(sizes)], i % 3 != 2 && i > 12);
	o = read_all(b.data, b.len);
	ok(o.end == 0 && o.records == (int64_t)(3 * COUNT_OF(sizes)) &&
		o.mark.offset == m.offset,
	    "records and groups may be larger than a window");
	for (i = 0; i < 200; i++) {
		at = b.len / 200 * i + i;
		b.data[at] ^= 2;
		o = read_all(b.data, b.len);
		if (o.end != -1 || o.e.status != EX_DATAERR)
			wrong++;
		b.data[at] ^= 2;
	}
	ok(wrong == 0, "and damage in them is found (%zu of 200 were missed)",
	    wrong);
}

/* From a mark, and again at the end when more has come. */
static void
test_from(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct journal_mark m = start, mid;
	int fd CLEANUP_FD = -1;
	struct reader r;
	struct record rec;
	struct err e;
	size_t had;

	add(&b, &m, 10, false);
	add(&b, &m, 10, false);
	mid = m;
	add(&b, &m, 10, false);
	fd = file_of(b.data, b.len);
	reader_init(&r, fd, &mid);
	ok(reader_next(&r, &rec, &e) == 1 && rec.seq == 3 &&
		reader_next(&r, &rec, &e) == 0,
	    "a reader starts at a mark");
	had = b.len;
	add(&b, &m, 10, true);
	add(&b, &m, 10, false);
	ok(file_write_all(fd, b.data + had, 50, "journal", &e) == 0 &&
		reader_next(&r, &rec, &e) == 0 && r.torn,
	    "half a write is not given");
	ok(file_write_all(
	       fd, b.data + had + 50, b.len - had - 50, "journal", &e) == 0 &&
		reader_next(&r, &rec, &e) == 1 && rec.seq == 4 && rec.more &&
		reader_next(&r, &rec, &e) == 1 && rec.seq == 5 &&
		reader_next(&r, &rec, &e) == 0 && !r.torn,
	    "and when the rest has come, all of it is");
	reader_free(&r);
	mid.head.b[0] ^= 1;
	reader_init(&r, fd, &mid);
	ok(reader_next(&r, &rec, &e) == -1 && e.status == EX_DATAERR,
	    "a mark with another digest is not of this journal");
	reader_free(&r);
}

/* What a reader saw was torn is cut off and something else is written. */
static void
test_rewritten(void)
{
	struct buf b CLEANUP_BUF = {0}, other CLEANUP_BUF = {0};
	struct journal_mark m = start, first;
	int fd CLEANUP_FD = -1;
	struct reader r;
	struct record rec;
	struct err e;

	add(&b, &m, 10, false);
	first = m;
	add(&b, &m, 1000, false);
	fd = file_of(b.data, b.len - 100);
	reader_init(&r, fd, &start);
	ok(reader_next(&r, &rec, &e) == 1 && reader_next(&r, &rec, &e) == 0 &&
		r.torn,
	    "a reader meets a torn end");
	m = first;
	add(&other, &m, 3, true);
	add(&other, &m, 2000, false);
	ok(ftruncate(fd, first.offset) == 0 &&
		lseek(fd, first.offset, SEEK_SET) >= 0 &&
		file_write_all(fd, other.data, other.len, "journal", &e) == 0 &&
		reader_next(&r, &rec, &e) == 1 && rec.seq == 2 &&
		reader_next(&r, &rec, &e) == 1 && rec.seq == 3 &&
		reader_next(&r, &rec, &e) == 0 && !r.torn,
	    "once it was cut off, what stands there instead is given");
	reader_free(&r);
}

/* Groups of three, each byte by byte or in pieces, by another process. */
static NORETURN void
write_slowly(int fd)
{
	struct journal_mark m = start;
	struct err e;
	size_t at, n;
	int i;

	for (i = 0; i < 400; i++) {
		struct buf b CLEANUP_BUF = {0};

		add(&b, &m, (size_t)i * 7 % 5000, true);
		add(&b, &m, 1, true);
		add(&b, &m, (size_t)i * 13 % 300, false);
		for (at = 0; at < b.len; at += n) {
			n = (at * 31 + (size_t)i) % 600 + 1;
			if (n > b.len - at)
				n = b.len - at;
			if (file_write_all(fd, b.data + at, n, "journal", &e) <
			    0)
				_exit(1);
		}
	}
	_exit(0);
}

static void
test_follow(void)
{
	int fd CLEANUP_FD = file_of("", 0), status = -1;
	int64_t records = 0, empty = 0, halves = 0;
	pid_t pid = fork();
	struct reader r;
	struct record rec;
	bool ended = false;
	struct err e = {0};
	int got;

	if (pid == 0)
		write_slowly(fd);
	reader_init(&r, fd, &start);
	while ((got = reader_next(&r, &rec, &e)) >= 0) {
		if (got == 1) {
			records++;
			continue;
		}
		empty++;
		if (records % 3 != 0)
			halves++;
		if (ended)
			break;
		ended = waitpid(pid, &status, WNOHANG) == pid;
	}
	ok(got == 0 && status == 0 && records == 1200,
	    "while another process writes, each record is given once: %" PRId64
	    "%s%s",
	    records, got < 0 ? " " : "", got < 0 ? e.msg : "");
	ok(halves == 0 && empty > 2,
	    "and never half a group, over %" PRId64 " looks at the end", empty);
	reader_free(&r);
}

/* Torn ends that are cut off, each time with something else written there. */
static NORETURN void
write_and_cut(int fd)
{
	struct journal_mark m = start, lost;
	int i;

	for (i = 0; i < 3000; i++) {
		struct buf torn CLEANUP_BUF = {0}, b CLEANUP_BUF = {0};
		int64_t end = m.offset;

		lost = m;
		add(&torn, &lost, 500, true);
		add(&torn, &lost, 500, false);
		add(&b, &m, (size_t)i % 300, true);
		add(&b, &m, 5, false);
		if (pwrite(fd, torn.data, torn.len - 200, end) < 0 ||
		    ftruncate(fd, end) < 0 ||
		    pwrite(fd, b.data, b.len, end) != (ssize_t)b.len)
			_exit(1);
	}
	_exit(0);
}

static void
test_race(void)
{
	int fd CLEANUP_FD = file_of("", 0), status = -1;
	bool ended = false;
	struct reader r;
	struct record rec;
	struct err e = {0};
	pid_t pid = fork();
	int got;

	if (pid == 0)
		write_and_cut(fd);
	reader_init(&r, fd, &start);
	while ((got = reader_next(&r, &rec, &e)) >= 0) {
		if (got == 1)
			continue;
		if (ended)
			break;
		ended = waitpid(pid, &status, WNOHANG) == pid;
	}
	ok(got == 0 && status == 0 && r.mark.seq == 6000,
	    "while torn ends are cut off and written over, a reader gets what "
	    "stands there in the end: %" PRId64 " %s",
	    r.mark.seq, e.msg);
	if (!ended)
		(void)waitpid(pid, &status, 0);
	reader_free(&r);
}

/* The peak of this process's memory in KiB; -1 when it is not told. */
static int64_t
peak(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct err e;
	const char *p;

	if (file_read(AT_FDCWD, "/proc/self/status", 65536, &b, &e) < 0 ||
	    (p = strstr(buf_str(&b), "VmHWM:")) == NULL)
		return -1;
	return (int64_t)strtoll(p + 6, NULL, 10);
}

static void
test_memory(void)
{
	int fd CLEANUP_FD = file_of("", 0);
	struct journal_mark m = start;
	struct reader r;
	struct record rec;
	struct err e = {0};
	int64_t n = 0;
	int got, i;

	while (m.offset < (int64_t)200 << 20) {
		struct buf b CLEANUP_BUF = {0};

		for (i = 0; i < 30; i++)
			add(&b, &m, i == 7 ? 60000 : 900, i % 3 != 2);
		if (file_write_all(fd, b.data, b.len, "journal", &e) < 0) {
			ok(false, "a journal of 200 MiB: %s", e.msg);
			return;
		}
	}
	reader_init(&r, fd, &start);
	while ((got = reader_next(&r, &rec, &e)) == 1)
		n++;
	ok(got == 0 && n == m.seq && r.mark.offset == m.offset,
	    "a journal of 200 MiB is read, %" PRId64 " records", n);
	reader_free(&r);
	ok(peak() < 16 << 10, "in less than 16 MiB of memory: %" PRId64 " KiB",
	    peak());
}

int
main(void)
{
	if (!SANITIZED)
		test_memory(); /* first: the peak is the whole process's */
	test_whole();
	cut_everywhere(1);
	cut_everywhere(3);
	test_zeros();
	test_damage();
	test_windows();
	test_from();
	test_rewritten();
	test_follow();
	test_race();
	return done();
}
