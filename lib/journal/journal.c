#include "journal/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/rand.h"

/* Cut off what a dead writer left behind the last whole group. */
static int
cut_tail(struct journal *j, struct err *e)
{
	off_t end = lseek(j->fd, 0, SEEK_END);

	if (end < 0)
		return err_set(e, EX_IOERR, errno, "cannot seek the journal");
	if (end < j->mark.offset)
		return err_set(e, EX_DATAERR, 0,
		    "the journal was cut: record %" PRId64 " is gone",
		    j->mark.seq);
	if (end == j->mark.offset)
		return 0;
	if (lseek(j->fd, j->mark.offset, SEEK_SET) < 0 ||
	    digest_of_fd(j->fd, &j->cut) < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the journal");
	if (ftruncate(j->fd, j->mark.offset) < 0 || fsync(j->fd) < 0)
		return err_set(e, EX_IOERR, errno,
		    "cannot cut the journal's unfinished end");
	j->cut_bytes = end - j->mark.offset;
	return 0;
}

int
journal_open(
    int dir, const struct journal_mark *end, struct journal *out, struct err *e)
{
	int fd CLEANUP_FD = -1;

	if (file_open(dir, JOURNAL_FILE, O_RDWR | O_APPEND | O_NOFOLLOW, 0, &fd,
		e) < 0)
		return -1;
	return journal_open_file(&fd, end, out, e);
}

int
journal_open_file(
    int *fd, const struct journal_mark *end, struct journal *out, struct err *e)
{
	struct journal j = {.fd = *fd, .mark = *end};

	if (cut_tail(&j, e) < 0)
		return -1;
	*fd = -1;
	*out = j;
	return 0;
}

int
journal_create(int dir, const struct digest *agent_json, struct journal *out,
    struct err *e)
{
	struct journal j = {.fd = -1, .mark.head = *agent_json};

	if (file_open(dir, JOURNAL_FILE, O_RDWR | O_APPEND | O_CREAT | O_EXCL,
		0600, &j.fd, e) < 0)
		return -1;
	*out = j;
	return 0;
}

void
journal_close(struct journal *j)
{
	if (j->fd >= 0)
		(void)close(j->fd);
	j->fd = -1;
	free(j->staged);
	j->staged = NULL;
	j->count = j->cap = 0;
	buf_free(&j->bodies);
}

int64_t
journal_next(const struct journal *j)
{
	return j->mark.seq + 1 + (int64_t)j->count;
}

int64_t
journal_now(const struct journal *j)
{
	int64_t now = clock_real() / 1000 * 1000; /* as it is written */
	int64_t last =
	    j->count == 0 ? j->mark.time : j->staged[j->count - 1].rec.time;

	return now > last ? now : last;
}

void
journal_stage(struct journal *j, enum record_type type, struct slice body,
    struct record *out)
{
	struct journal_staged s = {.body_at = j->bodies.len};
	char salt[RAND_TEXT];

	assert(body.len >= 2 && body.data[0] == '{');
	s.rec.seq = journal_next(j);
	s.rec.time = journal_now(j);
	s.rec.type = type;
	rand_text(salt);
	buf_printf(&j->bodies, "{\"salt\":\"%s\"%s", salt,
	    body.data[1] == '}' ? "" : ",");
	buf_add(&j->bodies, body.data + 1, body.len - 1);
	s.body_len = j->bodies.len - s.body_at;
	mem_room(&j->staged, j->count, &j->cap, sizeof(*j->staged));
	j->staged[j->count++] = s;
	*out = s.rec;
	out->body = (struct slice){j->bodies.data + s.body_at, s.body_len};
}

/* Write the group's lines, the last with `more` or without; `mark` becomes the
 * place behind them. */
static void
format(struct journal *j, bool more, struct journal_mark *mark, struct buf *out)
{
	struct record *r;
	size_t i, from;

	for (i = 0; i < j->count; i++) {
		r = &j->staged[i].rec;
		r->more = more || i + 1 < j->count;
		r->prev = mark->head;
		r->body.data = j->bodies.data + j->staged[i].body_at;
		r->body.len = j->staged[i].body_len;
		from = out->len;
		record_write(r, out);
		mark->seq = r->seq;
		mark->time = r->time;
		mark->head = r->digest;
		mark->offset += (int64_t)(out->len - from);
	}
}

int
journal_commit(struct journal *j, struct err *e)
{
	struct journal_mark mark = j->mark;
	struct buf lines CLEANUP_BUF = {0};
	ssize_t n;
	size_t i;

	if (j->count == 0)
		return 0;
	if (j->broken)
		return err_set(e, EX_IOERR, 0,
		    "the journal failed before; nothing more is written");
	format(j, false, &mark, &lines);
	j->broken = true;
	if (j->guard != NULL && j->guard(j->guard_arg, e) < 0)
		return -1;
	do
		n = write(j->fd, lines.data, lines.len);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)lines.len)
		return err_set(e, EX_IOERR, n < 0 ? errno : ENOSPC,
		    "cannot append to the journal");
	if (file_sync_data(j->fd, JOURNAL_FILE, e) < 0 ||
	    (j->guard != NULL && j->guard(j->guard_arg, e) < 0))
		return -1;
	j->broken = false;
	j->mark = mark;
	for (i = 0; j->on_commit != NULL && i < j->count; i++)
		j->on_commit(j->arg, &j->staged[i].rec);
	j->count = 0;
	buf_clear(&j->bodies);
	return 0;
}

static void
seal_text(const struct digest *d, struct buf *out)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	buf_printf(out, "agentutils seal %s\n", hex);
}

int
journal_seal(struct journal *j, const struct sign_secret *key, struct err *e)
{
	struct buf text CLEANUP_BUF = {0}, body CLEANUP_BUF = {0};
	struct buf sig64 CLEANUP_BUF = {0}, lines CLEANUP_BUF = {0};
	struct journal_mark mark = j->mark;
	struct jsonw w = {.out = &body};
	unsigned char sig[SIGN_BYTES];
	char keynum[2 * SIGN_KEYNUM + 1], over[DIGEST_HEX + 1];
	struct record rec;

	/* The seal stands in the group that it signs, so that the record before
	 * it has `more`: format with the seal's place taken. */
	if (j->count > 0) {
		format(j, true, &mark, &lines);
		mark.head = j->staged[j->count - 1].rec.digest;
	}
	seal_text(&mark.head, &text);
	if (sign_make(key, text.data, text.len, sig, e) < 0)
		return -1;
	hex_encode(key->pub.keynum, SIGN_KEYNUM, keynum);
	digest_hex(&mark.head, over);
	base64_encode(&sig64, sig, sizeof(sig));
	jsonw_object(&w, NULL);
	jsonw_string(&w, "over", over);
	jsonw_string(&w, "key", keynum);
	jsonw_text(&w, "sig", sig64.data, sig64.len);
	jsonw_end(&w, '}');
	journal_stage(
	    j, RECORD_SEAL, (struct slice){body.data, body.len}, &rec);
	return journal_commit(j, e);
}

bool
journal_foreign_seal(const struct record *seal, const struct sign_public *key)
{
	char is[2 * SIGN_KEYNUM + 1];
	struct slice named;

	hex_encode(key->keynum, SIGN_KEYNUM, is);
	return json_raw(seal->body, "key", &named) == 0 &&
	       named.len == sizeof(is) + 1 &&
	       memcmp(named.data + 1, is, sizeof(is) - 1) != 0;
}

int
journal_check_seal(
    const struct record *seal, const struct sign_public *key, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	unsigned char sig[SIGN_BYTES];
	const char *s;

	if (json_parse(seal->body.data, seal->body.len, &j, e) < 0)
		return err_wrap(e, "seal %" PRId64, seal->seq);
	s = json_get_string(j, "sig");
	if (s == NULL ||
	    base64_decode(s, strlen(s), sig, sizeof(sig)) != SIGN_BYTES)
		return err_set(e, EX_DATAERR, 0,
		    "seal %" PRId64 ": not a signature", seal->seq);
	seal_text(&seal->prev, &text);
	if (sign_check(key, text.data, text.len, sig, e) < 0)
		return err_wrap(e, "seal %" PRId64, seal->seq);
	return 0;
}
