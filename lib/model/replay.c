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

/* Ancestors that are looked for. */
#define PARTS_MAX 10000

/* One journal: an agent that was forked goes on from its ancestors'. */
struct part {
	struct lines lines; /* its replies */
	struct journal_mark start;
};

struct reply_place {
	size_t part, line;
	bool good; /* it became an assistant message */
};

struct replay {
	struct part *part;
	size_t part_count, part_cap;
	struct reply_place *reply;
	size_t count, cap, good_count;
};

/* A journal names the digest of what it follows only; a copy that stands alone
 * is taken at its word for it.  The reader checks the line's form. */
static void
first_mark(const struct lines *l, struct journal_mark *out)
{
	static const char seq[] = "{\"seq\":", key[] = "\"prev\":\"";
	char head[512];
	ssize_t n = pread(l->fd, head, sizeof(head), 0);
	const char *p;

	memset(out, 0, sizeof(*out));
	if (n < (ssize_t)sizeof(seq) || memcmp(head, seq, sizeof(seq) - 1) != 0)
		return;
	for (p = head + sizeof(seq) - 1;
	     p < head + n && *p >= '0' && *p <= '9' && out->seq < 1LL << 53;
	     p++)
		out->seq = out->seq * 10 + (*p - '0');
	out->seq -= out->seq > 0;
	p = memmem(head, (size_t)n, key, sizeof(key) - 1);
	if (p == NULL || head + n - (p + sizeof(key) - 1) < DIGEST_HEX)
		return;
	(void)digest_parse(p + sizeof(key) - 1, DIGEST_HEX, &out->head);
}

static bool
is_bad(struct slice body)
{
	struct slice bad;
	struct err e;

	return json_check(body.data, body.len, &e) == 0 &&
	       raw_get(body, "bad", &bad);
}

static void
add_reply(struct replay *s, size_t part, const struct record *rec, int64_t at)
{
	struct lines *l = &s->part[part].lines;
	struct reply_place place = {part, l->count, !is_bad(rec->body)};

	mem_room(&s->reply, s->count, &s->cap, sizeof(*s->reply));
	s->reply[s->count++] = place;
	s->good_count += place.good;
	lines_add(l, at, rec->line.len, (size_t)rec->seq);
}

/* Those up to the record `last`. */
static int
index_replies(struct replay *s, size_t part, int64_t last, struct err *e)
{
	struct reader r;
	struct record rec;
	int64_t at = 0;
	int got;

	reader_init(&r, s->part[part].lines.fd, &s->part[part].start);
	while ((got = reader_next(&r, &rec, e)) == 1 && rec.seq <= last) {
		if (rec.type == RECORD_MODEL_REPLY)
			add_reply(s, part, &rec, at);
		at += (int64_t)rec.line.len + 1;
	}
	reader_free(&r);
	return got < 0 ? -1 : 0;
}

static void
close_replay(void *state)
{
	struct replay *s = state;

	while (s->part_count > 0)
		lines_close(&s->part[--s->part_count].lines);
	free(s->part);
	free(s->reply);
	free(s);
}

static int
add_part(struct replay *s, const char *name, struct err *e)
{
	struct part p = {.lines.fd = -1};

	if (lines_open(name, &p.lines, e) < 0)
		return -1;
	first_mark(&p.lines, &p.start);
	mem_room(&s->part, s->part_count, &s->part_cap, sizeof(*s->part));
	s->part[s->part_count++] = p;
	return 0;
}

/* ID/from/1.jsonl is the oldest one's.  A copy that stands alone has none. */
static int
add_ancestors(struct replay *s, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/');
	int dir = slash == NULL ? 0 : (int)(slash - name) + 1, n;
	struct err why;

	for (n = 1; n < PARTS_MAX; n++) {
		char *path CLEANUP_FREE =
		    mem_printf("%.*sfrom/%d.jsonl", dir, name, n);

		if (add_part(s, path, &why) == 0)
			continue;
		if (why.status == EX_NOINPUT)
			return 0;
		*e = why;
		return -1;
	}
	return 0;
}

static int
add_all(struct replay *s, const char *name, struct err *e)
{
	struct part own;
	size_t i;

	if (add_part(s, name, e) < 0)
		return -1;
	own = s->part[0];
	if (own.start.seq > 0) {
		s->part_count = 0;
		if (add_ancestors(s, name, e) < 0) {
			lines_close(&own.lines);
			return -1;
		}
		mem_room(
		    &s->part, s->part_count, &s->part_cap, sizeof(*s->part));
		s->part[s->part_count++] = own;
	}
	for (i = 0; i < s->part_count; i++)
		if (index_replies(s, i,
			i + 1 < s->part_count ? s->part[i + 1].start.seq
					      : INT64_MAX,
			e) < 0)
			return -1;
	return 0;
}

static int
open_replay(const char *name, void **state, struct err *e)
{
	struct replay *s = mem_new(1, sizeof(*s));

	if (add_all(s, name, e) < 0) {
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

/* A member that may stand in a blob, `blob`: 1; 0 when it is
 * neither there. */
static int
read_member(const char *journal, struct slice body, const char *key,
    const char *blob, struct buf *room, struct slice *out, struct err *e)
{
	struct buf name CLEANUP_BUF = {0};

	if (raw_string(body, blob, &name)) {
		if (read_blob(journal, &name, room, e) < 0 ||
		    json_check(buf_str(room), room->len, e) < 0)
			return -1;
		*out = (struct slice){room->data, room->len};
		return 1;
	}
	return raw_get(body, key, out) ? 1 : 0;
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
	struct buf room CLEANUP_BUF = {0}, more CLEANUP_BUF = {0};
	struct slice v;
	int got;

	if (json_check(body.data, body.len, e) < 0 ||
	    take_text(journal, body, o, out, e) < 0)
		return -1;
	got = read_member(journal, body, "calls", "calls_blob", &room, &v, e);
	if (got < 0)
		return -1;
	if (got == 1 && raw_is(v, '['))
		reply_calls(out, v, &calls);
	got = read_member(
	    journal, body, "provider", "provider_blob", &more, &v, e);
	if (got < 0)
		return -1;
	if (got == 1)
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

/* Of all of them, or of those that became messages, the nth. */
static const struct reply_place *
find_reply(const struct replay *s, bool all, size_t n)
{
	size_t i;

	if (all)
		return n < s->count ? &s->reply[n] : NULL;
	for (i = 0; i < s->count; i++)
		if (s->reply[i].good && n-- == 0)
			return &s->reply[i];
	return NULL;
}

static int
call_replay(void *state, const char *name, struct slice request,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	struct buf line CLEANUP_BUF = {0};
	const struct replay *s = state;
	int64_t turn = request_turn(request, o, e);
	const struct reply_place *at;
	struct record rec;

	if (turn < 0)
		return -1;
	at = find_reply(s, o->turn >= 0, (size_t)turn);
	if (at == NULL)
		return err_set(e, EX_NOINPUT, 0,
		    "the journal has no more replies ('%s' has %zu)", name,
		    o->turn >= 0 ? s->count : s->good_count);
	if (lines_get(&s->part[at->part].lines, at->line, &line, e) < 0 ||
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
