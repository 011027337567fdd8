/* replay:JOURNAL, the replies of a run over again. */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "journal/reader.h"
#include "model/lines.h"
#include "model/provider.h"
#include "model/raw.h"
#include "model/reply.h"

enum { BLOB_MAX = 64 << 20 };

/* A journal names the digest of its agent.json only; a copy that stands alone
 * is taken at its word for it.  The reader checks the line's form. */
static void
first_mark(const struct lines *l, struct journal_mark *out)
{
	static const char key[] = "\"prev\":\"";
	char head[512];
	ssize_t n = pread(l->fd, head, sizeof(head), 0);
	const char *p;

	memset(out, 0, sizeof(*out));
	if (n < 0)
		return;
	p = memmem(head, (size_t)n, key, sizeof(key) - 1);
	if (p == NULL || head + n - (p + sizeof(key) - 1) < DIGEST_HEX)
		return;
	(void)digest_parse(p + sizeof(key) - 1, DIGEST_HEX, &out->head);
}

struct replay {
	struct lines lines; /* of all replies */
	size_t *good;       /* which of them became assistant messages */
	size_t good_count, good_cap;
};

static bool
is_bad(struct slice body)
{
	struct slice bad;
	struct err e;

	return json_check(body.data, body.len, &e) == 0 &&
	       raw_get(body, "bad", &bad);
}

static void
add_reply(struct replay *s, const struct record *rec, int64_t at)
{
	if (!is_bad(rec->body)) {
		mem_room(
		    &s->good, s->good_count, &s->good_cap, sizeof(*s->good));
		s->good[s->good_count++] = s->lines.count;
	}
	lines_add(&s->lines, at, rec->line.len, (size_t)rec->seq);
}

static int
index_replies(struct replay *s, struct err *e)
{
	struct journal_mark from;
	struct reader r;
	struct record rec;
	int64_t at = 0;
	int got;

	first_mark(&s->lines, &from);
	reader_init(&r, s->lines.fd, &from);
	while ((got = reader_next(&r, &rec, e)) == 1) {
		if (rec.type == RECORD_MODEL_REPLY)
			add_reply(s, &rec, at);
		at += (int64_t)rec.line.len + 1;
	}
	reader_free(&r);
	return got;
}

static void
close_replay(void *state)
{
	struct replay *s = state;

	lines_close(&s->lines);
	free(s->good);
	free(s);
}

static int
open_replay(const char *name, void **state, struct err *e)
{
	struct replay *s = mem_new(1, sizeof(*s));

	s->lines.fd = -1;
	if (lines_open(name, &s->lines, e) < 0 || index_replies(s, e) < 0) {
		close_replay(s);
		return err_wrap(e, "replay");
	}
	*state = s;
	return 0;
}

/* ROOT/blobs/ab/SHA256, for a journal at ROOT/agents/ID/journal.jsonl. */
static int
read_blob(
    const char *journal, const struct buf *name, struct buf *out, struct err *e)
{
	const char *slash = strrchr(journal, '/');
	int dir = slash == NULL ? 0 : (int)(slash - journal) + 1;
	char *path CLEANUP_FREE = NULL;
	struct digest want, got;

	if (digest_parse(buf_str(name), name->len, &want) < 0)
		return err_set(e, EX_DATAERR, 0, "a blob has a bad name");
	path = mem_printf("%.*s../../blobs/%.2s/%s", dir, journal,
	    buf_str(name), buf_str(name));
	if (file_read(AT_FDCWD, path, BLOB_MAX, out, e) < 0)
		return -1;
	digest_of(out->data, out->len, &got);
	if (!digest_equal(&want, &got))
		return err_set(
		    e, EX_DATAERR, 0, "the blob '%s' was changed", path);
	return 0;
}

static int
take_text(const char *journal, struct slice body, const struct model_options *o,
    struct model_reply *out, struct err *e)
{
	struct buf text CLEANUP_BUF = {0}, name CLEANUP_BUF = {0};

	if (raw_string(body, "blob", &name)) {
		if (read_blob(journal, &name, &text, e) < 0)
			return -1;
	} else {
		(void)raw_string(body, "text", &text);
	}
	reply_text(out, o, buf_str(&text), text.len);
	return 0;
}

static int
take_body(const char *journal, struct slice body, const struct model_options *o,
    struct model_reply *out, struct err *e)
{
	struct call_list calls CLEANUP(call_list_free) = {0};
	struct buf stop CLEANUP_BUF = {0}, bad CLEANUP_BUF = {0};
	struct slice v;

	if (json_check(body.data, body.len, e) < 0 ||
	    take_text(journal, body, o, out, e) < 0)
		return -1;
	if (raw_get(body, "calls", &v) && raw_is(v, '['))
		reply_calls(out, v, &calls);
	if (raw_get(body, "provider", &v))
		buf_add(&out->provider, v.data, v.len);
	if (raw_string(body, "stop", &stop))
		out->stop = reply_stop(buf_str(&stop));
	if (raw_get(body, "usage", &v)) {
		out->usage.input = raw_integer(v, "input", 0);
		out->usage.output = raw_integer(v, "output", 0);
		out->usage.cached = raw_integer(v, "cached", 0);
	}
	if (raw_string(body, "bad", &bad))
		reply_bad(out, "%s", buf_str(&bad));
	reply_finish(out, &calls);
	return 0;
}

static int
call_replay(void *state, const char *name, struct slice request,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	struct buf line CLEANUP_BUF = {0};
	const struct replay *s = state;
	int64_t turn = request_turn(request, o, e);
	size_t count = o->turn >= 0 ? s->lines.count : s->good_count;
	struct record rec;
	size_t n = (size_t)turn;

	if (turn < 0)
		return -1;
	if (n >= count)
		return err_set(e, EX_NOINPUT, 0,
		    "the journal has no more replies ('%s' has %zu)", name,
		    count);
	if (o->turn < 0)
		n = s->good[n];
	if (lines_get(&s->lines, n, &line, e) < 0 ||
	    record_parse(line.data, line.len, &rec, e) < 0)
		return -1;
	if (record_redacted(&rec))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " of '%s' was redacted", rec.seq, name);
	if (take_body(name, rec.body, o, out, e) < 0)
		return err_wrap(e, "record %" PRId64 " of '%s'", rec.seq, name);
	return 0;
}

const struct provider provider_replay = {
    "replay", open_replay, close_replay, NULL, call_replay};
