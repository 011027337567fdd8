/* Appending: groups, salts, time, torn ends cut off, failed writes, seals. */
#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "journal/verify.h"
#include "tap.h"

static struct digest born;

static struct slice
text(const char *s)
{
	return (struct slice){s, strlen(s)};
}

static void
stage(struct journal *j, const char *body)
{
	struct record rec;

	journal_stage(j, RECORD_NOTE, text(body), &rec);
}

/* A new journal in the current folder. */
static void
fresh(struct journal *j)
{
	struct err e;

	(void)unlink(JOURNAL_FILE);
	if (journal_create(AT_FDCWD, &born, j, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		exit(1);
	}
}

static void
contents(struct buf *out)
{
	struct err e;

	buf_clear(out);
	if (file_read(AT_FDCWD, JOURNAL_FILE, 1 << 20, out, &e) < 0)
		buf_puts(out, e.msg);
}

static int
verify(const struct verify_options *o, struct verify_result *res, struct err *e)
{
	int fd CLEANUP_FD = open(JOURNAL_FILE, O_RDONLY | O_CLOEXEC);

	return verify_journal(fd, &born, o, res, e);
}

/* Records of the file; -1 when it is damaged. */
static int64_t
count(struct journal_mark *mark, bool *torn)
{
	int fd CLEANUP_FD = open(JOURNAL_FILE, O_RDONLY | O_CLOEXEC);
	struct journal_mark from = {.head = born};
	struct reader r;
	struct record rec;
	struct err e;
	int64_t n = 0;
	int got;

	reader_init(&r, fd, &from);
	while ((got = reader_next(&r, &rec, &e)) == 1)
		n++;
	*mark = r.mark;
	*torn = r.torn;
	reader_free(&r);
	return got < 0 ? -1 : n;
}

/* ---- groups --------------------------------------------------------------- */

struct seen {
	int64_t seqs[8];
	int count;
	bool durable; /* the file held them when it was told */
};

static void
on_commit(void *arg, const struct record *rec)
{
	struct seen *s = arg;
	struct journal_mark m;
	bool torn;

	s->seqs[s->count++ % 8] = rec->seq;
	s->durable = count(&m, &torn) >= rec->seq && !torn;
}

static void
test_groups(void)
{
	struct buf b CLEANUP_BUF = {0};
	struct seen seen = {.durable = false};
	struct journal_mark m;
	struct journal j;
	struct record rec;
	struct err e;
	const char *p;
	bool torn;
	int more;

	fresh(&j);
	j.on_commit = on_commit;
	j.arg = &seen;
	ok(journal_next(&j) == 1 && journal_commit(&j, &e) == 0 &&
		count(&m, &torn) == 0,
	    "a commit of nothing writes nothing");
	journal_stage(&j, RECORD_BORN, text("{\"a\":1}"), &rec);
	ok(rec.seq == 1 && rec.type == RECORD_BORN && journal_next(&j) == 2 &&
		rec.body.len == strlen("{\"salt\":\"\",\"a\":1}") + 32 &&
		strncmp(rec.body.data, "{\"salt\":\"", 9) == 0 &&
		strncmp(rec.body.data + 41, "\",\"a\":1}", 8) == 0,
	    "a staged record has its number, and a salt before what it says");
	stage(&j, "{}");
	stage(&j, "{\"b\":2}");
	contents(&b);
	ok(b.len == 0 && seen.count == 0, "what is staged is not written");
	ok(journal_commit(&j, &e) == 0 && count(&m, &torn) == 3 && !torn,
	    "a commit writes the group");
	contents(&b);
	more = 0;
	for (p = b.data; (p = strstr(p, ",\"more\":true,")) != NULL; p++)
		more++;
	p = strrchr(b.data, 't'); /* of the last record's "salt" */
	ok(more == 2 && strstr(b.data, "\"born\",\"more\":true,") != NULL &&
		strstr(p - 200, "\"note\",\"prev\":") != NULL,
	    "of which all records but the last say that there is more");
	ok(m.offset == j.mark.offset && m.seq == j.mark.seq &&
		m.time == j.mark.time && digest_equal(&m.head, &j.mark.head),
	    "its mark is the one that a reader finds");
	ok(seen.count == 3 && seen.seqs[0] == 1 && seen.seqs[2] == 3 &&
		seen.durable,
	    "who watches is told of each record once it can be read");
	stage(&j, "{}");
	ok(journal_commit(&j, &e) == 0 && count(&m, &torn) == 4 &&
		seen.count == 4,
	    "the next group follows it");
	journal_close(&j);
	ok(journal_create(AT_FDCWD, &born, &j, &e) < 0,
	    "a journal that is there is not made again");
}

static void
test_salts(void)
{
	struct journal j;
	struct record a, b;
	char first[64];

	fresh(&j);
	journal_stage(&j, RECORD_NOTE, text("{}"), &a);
	ok(a.body.len == strlen("{\"salt\":\"\"}") + 32,
	    "an empty body has a salt and nothing else");
	memcpy(first, a.body.data, a.body.len);
	journal_stage(&j, RECORD_NOTE, text("{}"), &b);
	ok(memcmp(first, b.body.data, b.body.len) != 0,
	    "two bodies that say the same differ by it");
	journal_close(&j);
}

static void
test_time(void)
{
	struct journal_mark m;
	struct journal j;
	struct record a, b, c;
	struct err e;
	bool torn;

	fresh(&j);
	j.mark.time = clock_real() / 1000 * 1000 + 3600 * CLOCK_SECOND;
	journal_stage(&j, RECORD_NOTE, text("{}"), &a);
	journal_stage(&j, RECORD_NOTE, text("{}"), &b);
	ok(a.time == j.mark.time && b.time == a.time,
	    "a clock that went back does not take the journal's time back");
	ok(journal_commit(&j, &e) == 0 && count(&m, &torn) == 2 &&
		m.time == a.time,
	    "and the time read back is the time staged");
	j.mark.time = 0;
	journal_stage(&j, RECORD_NOTE, text("{}"), &c);
	ok(c.time > clock_real() - 60 * CLOCK_SECOND &&
		c.time <= clock_real() && c.time % 1000 == 0,
	    "else it is the clock's, in microseconds");
	journal_close(&j);
}

/* ---- torn ends ------------------------------------------------------------ */

/* A last group of `n` cut at each byte: opened, cut off, and gone on with. */
static void
reopen_everywhere(int n)
{
	struct buf whole CLEANUP_BUF = {0};
	struct journal_mark before, m;
	struct digest sum;
	struct journal j;
	struct err e;
	size_t cut, wrong = 0, tail;
	bool torn;
	int i;

	fresh(&j);
	stage(&j, "{}");
	stage(&j, "{\"first\":true}");
	(void)journal_commit(&j, &e);
	before = j.mark;
	for (i = 0; i < n; i++)
		stage(&j, "{\"second\":true}");
	(void)journal_commit(&j, &e);
	journal_close(&j);
	contents(&whole);
	for (cut = (size_t)before.offset; cut < whole.len; cut++) {
		(void)unlink(JOURNAL_FILE);
		(void)file_cache(AT_FDCWD, JOURNAL_FILE, whole.data, cut, &e);
		if (count(&m, &torn) != 2 ||
		    journal_open(AT_FDCWD, &m, &j, &e) < 0) {
			wrong++;
			continue;
		}
		tail = cut - (size_t)before.offset;
		digest_of(whole.data + before.offset, tail, &sum);
		if (j.cut_bytes != (int64_t)tail ||
		    (tail > 0 && !digest_equal(&sum, &j.cut)))
			wrong++;
		stage(&j, "{\"third\":true}");
		if (journal_commit(&j, &e) < 0 || count(&m, &torn) != 3 || torn)
			wrong++;
		journal_close(&j);
	}
	ok(wrong == 0,
	    "a last group of %d that is cut anywhere is cut off at opening, "
	    "its length and digest told, and the next group follows what was "
	    "whole (%zu of %zu went wrong)",
	    n, wrong, whole.len - (size_t)before.offset);
}

static void
test_shorter(void)
{
	struct journal_mark end;
	struct journal j;
	struct err e;

	fresh(&j);
	stage(&j, "{}");
	stage(&j, "{}");
	(void)journal_commit(&j, &e);
	end = j.mark;
	journal_close(&j);
	ok(journal_open(AT_FDCWD, &end, &j, &e) == 0 && j.cut_bytes == 0,
	    "a journal that ends where it should is opened as it is");
	journal_close(&j);
	ok(truncate(JOURNAL_FILE, end.offset - 1) == 0 &&
		journal_open(AT_FDCWD, &end, &j, &e) < 0 &&
		e.status == EX_DATAERR &&
		strstr(e.msg, "record 2 is gone") != NULL,
	    "one that ends before is refused, status 65");
}

/* ---- failed writes -------------------------------------------------------- */

static void
limit_file(rlim_t bytes)
{
	struct rlimit l = {bytes, RLIM_INFINITY};

	(void)setrlimit(RLIMIT_FSIZE, &l);
}

/* A disk that takes only a part of a group. */
static void
test_failed(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct journal_mark m, before;
	struct journal j;
	struct err e;
	bool torn;
	off_t size;
	int got;

	(void)sigaction(SIGXFSZ, &ignore, NULL);
	fresh(&j);
	stage(&j, "{}");
	(void)journal_commit(&j, &e);
	before = j.mark;
	stage(&j, "{\"lost\":true}");
	stage(&j, "{\"lost\":true}");
	limit_file((rlim_t)before.offset + 400);
	got = journal_commit(&j, &e);
	limit_file(RLIM_INFINITY);
	ok(got < 0 && e.status == EX_IOERR,
	    "a write that does not take all of the group fails: status 74");
	size = lseek(j.fd, 0, SEEK_END);
	ok(journal_commit(&j, &e) < 0 && e.status == EX_IOERR &&
		lseek(j.fd, 0, SEEK_END) == size &&
		j.mark.offset == before.offset,
	    "after which nothing more is written, and the mark stays");
	journal_close(&j);
	ok(size > before.offset && count(&m, &torn) == 1 && torn &&
		journal_open(AT_FDCWD, &m, &j, &e) == 0 &&
		j.cut_bytes == size - before.offset,
	    "the next holder cuts off what was left");
	stage(&j, "{}");
	ok(journal_commit(&j, &e) == 0 && count(&m, &torn) == 2 && !torn,
	    "and goes on");
	journal_close(&j);
}

/* ---- seals, verify -------------------------------------------------------- */

static void
test_seals(void)
{
	struct sign_secret key, other;
	struct verify_options o = {.key = &key.pub};
	struct verify_result res;
	struct journal_mark third;
	struct journal j;
	struct digest head;
	struct err e;

	(void)sign_new(&key, &e);
	(void)sign_new(&other, &e);
	fresh(&j);
	stage(&j, "{}");
	stage(&j, "{}");
	ok(journal_seal(&j, &key, &e) == 0 && j.mark.seq == 3 &&
		verify(&o, &res, &e) == 0 && res.records == 3 &&
		res.seals == 1 && res.sealed_seq == 2,
	    "a seal ends the group that it signs");
	ok(journal_seal(&j, &key, &e) == 0 && verify(&o, &res, &e) == 0 &&
		res.seals == 2 && res.sealed_seq == 3,
	    "or stands alone");
	third = j.mark;
	stage(&j, "{}");
	(void)journal_commit(&j, &e);
	journal_close(&j);
	ok(verify(&o, &res, &e) == 0 && res.records == 5 &&
		res.sealed_seq == 3 && res.mark.seq == 5 &&
		res.torn_bytes == 0 && res.redacted == 0,
	    "what follows the last seal is told from what it covers");
	o.key = &other.pub;
	ok(verify(&o, &res, &e) < 0 && e.status == EX_DATAERR,
	    "another key's seal is refused: %s", e.msg);
	o.key = NULL;
	head = third.head;
	o.head = &head;
	ok(verify(&o, &res, &e) == 0 && res.found_head, "a head is found");
	head.b[5] ^= 1;
	ok(verify(&o, &res, &e) == 0 && !res.found_head,
	    "one that is not there is not");
	sign_wipe(&key);
	sign_wipe(&other);
}

/* A journal with one body given as it stands, its sums and chain right. */
static void
with_body(const char *body, bool redacted)
{
	struct buf b CLEANUP_BUF = {0};
	struct record r = {.seq = 1, .type = RECORD_NOTE, .prev = born};
	struct err e;

	r.body = text(body);
	record_write(&r, &b);
	if (redacted) {
		buf_cut(&b, b.len - strlen(body) - 2);
		buf_puts(&b, "null}\n");
	}
	r.seq = 2;
	r.prev = r.digest;
	r.body = text("{}");
	record_write(&r, &b);
	(void)unlink(JOURNAL_FILE);
	(void)file_cache(AT_FDCWD, JOURNAL_FILE, b.data, b.len, &e);
}

static void
test_verify(void)
{
	struct verify_options o = {0};
	struct verify_result res;
	struct journal j;
	struct err e;
	int fd;

	with_body("{\"a\":1}", false);
	ok(verify(&o, &res, &e) == 0 && res.records == 2,
	    "a journal that was made by hand is verified");
	with_body("{\"a\":01}", false);
	ok(verify(&o, &res, &e) < 0 && e.status == EX_DATAERR &&
		strstr(e.msg, "record 1") != NULL,
	    "a body that is no JSON is refused though its sum is right");
	with_body("{\"a\":1}", true);
	ok(verify(&o, &res, &e) == 0 && res.records == 2 && res.redacted == 1,
	    "a body that was redacted breaks nothing and is counted");
	fd = open(JOURNAL_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);
	(void)!write(fd, "{\"seq\":3,", 9);
	(void)close(fd);
	ok(verify(&o, &res, &e) == 0 && res.torn_bytes == 9,
	    "an unfinished end is no damage and is counted");
	fresh(&j);
	journal_close(&j);
	ok(verify(&o, &res, &e) < 0 && e.status == EX_DATAERR,
	    "an empty journal is refused");
	with_body("{\"a\":1}", false);
	born.b[0] ^= 1;
	ok(verify(&o, &res, &e) < 0 && e.status == EX_DATAERR,
	    "so is one that does not follow its agent.json: %s", e.msg);
	born.b[0] ^= 1;
}

int
main(void)
{
	digest_of("{}\n", 3, &born);
	test_groups();
	test_salts();
	test_time();
	reopen_everywhere(1);
	reopen_everywhere(3);
	test_shorter();
	test_failed();
	test_seals();
	test_verify();
	return done();
}
