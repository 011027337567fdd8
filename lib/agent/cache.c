#include "agent/cache.h"

#include <fcntl.h>
#include <string.h>

#include "agent/cachefields.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonw.h"

/*
 * The file is the digest of the second line, that line (JSON, which ends with
 * the conversation's length and digest), and the conversation as it stands.
 */
#define CACHE_FORMAT 16
#define CACHE_MAX    ((size_t)1 << 30)

int
cache_save(
    int dir, const struct state *s, const struct journal_mark *m, struct err *e)
{
	struct buf out CLEANUP_BUF = {0}, line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	char hex[DIGEST_HEX + 1];
	struct digest sum;

	jsonw_object(&w, NULL);
	field_put_integer(&w, "format", CACHE_FORMAT);
	field_put_integer(&w, "mark_offset", m->offset);
	field_put_integer(&w, "mark_seq", m->seq);
	field_put_integer(&w, "mark_time", m->time);
	jsonw_digest(&w, "mark_head", &m->head);
	fields_put(&w, s);
	jsonw_end(&w, '}');
	digest_of(line.data, line.len, &sum);
	digest_hex(&sum, hex);
	buf_reserve(&out, s->convo.len + line.len + 128);
	buf_printf(&out, "%s\n", hex);
	buf_add(&out, line.data, line.len);
	buf_putc(&out, '\n');
	buf_add(&out, s->convo.data, s->convo.len);
	return file_cache(dir, CACHE_FILE, out.data, out.len, e);
}

/* What follows the header: `first` of it was read with that, the rest goes
 * straight to its place.  The state's running digest is its check. */
static int
read_convo(struct state *s, const struct json *j, struct slice first, int fd)
{
	int64_t bytes = field_get_integer(j, "convo_bytes");
	struct digest want = {{0}}, is;
	size_t len;

	if (bytes < (int64_t)first.len || bytes > (int64_t)CACHE_MAX)
		return -1;
	len = (size_t)bytes;
	buf_reserve(&s->convo, len);
	buf_add(&s->convo, first.data, first.len);
	while (s->convo.len < len)
		if (buf_read(&s->convo, fd, len - s->convo.len) <= 0)
			return -1;
	field_get_digest(j, "convo", &want);
	sha256_add(&s->running, s->convo.data, len);
	sha256_get(&s->running, &is);
	return digest_equal(&want, &is) ? 0 : -1;
}

/* Where the second line ends; NULL while it is not there whole. */
static const char *
line_end(const struct buf *text)
{
	size_t from = DIGEST_HEX + 1;

	if (text->len <= from)
		return NULL;
	return memchr(text->data + from, '\n', text->len - from);
}

/* Read the first two lines, and some of what follows. */
static int
read_header(int fd, struct buf *text, const char **nl)
{
	ssize_t n;

	do {
		n = buf_read(text, fd, 16384);
		if (n <= 0)
			return -1;
		*nl = line_end(text);
	} while (*nl == NULL);
	return 0;
}

enum part { PART_ALL, PART_BRIEF, PART_GLANCE };

static int
load(int fd, enum part part, struct state *s, struct journal_mark *m)
{
	struct buf text CLEANUP_BUF = {.max = CACHE_MAX};
	struct json *j CLEANUP_JSON = NULL;
	struct digest want, is;
	struct slice line, rest;
	const char *nl;
	struct err e;

	if (read_header(fd, &text, &nl) < 0)
		return -1;
	line.data = text.data + DIGEST_HEX + 1;
	line.len = (size_t)(nl - line.data);
	digest_of(line.data, line.len, &is);
	if (digest_parse(text.data, DIGEST_HEX, &want) < 0 ||
	    text.data[DIGEST_HEX] != '\n' || !digest_equal(&want, &is) ||
	    json_parse(line.data, line.len, &j, &e) < 0 ||
	    field_get_integer(j, "format") != CACHE_FORMAT)
		return -1;
	rest.data = nl + 1;
	rest.len = text.len - (size_t)(nl + 1 - text.data);
	if ((part == PART_GLANCE ? fields_glance(s, j) : fields_get(s, j)) <
		0 ||
	    (part == PART_ALL && read_convo(s, j, rest, fd) < 0))
		return -1;
	m->offset = field_get_integer(j, "mark_offset");
	m->seq = field_get_integer(j, "mark_seq");
	m->time = field_get_integer(j, "mark_time");
	field_get_digest(j, "mark_head", &m->head);
	return 0;
}

static int
load_part(int dir, enum part part, struct state *s, struct journal_mark *m)
{
	int fd CLEANUP_FD = -1;
	struct err e;

	if (file_open(dir, CACHE_FILE, O_RDONLY | O_NOFOLLOW, 0, &fd, &e) < 0)
		return 0;
	if (load(fd, part, s, m) == 0)
		return 1;
	state_free(s);
	state_init(s);
	return 0;
}

int
cache_load(int dir, bool brief, struct state *s, struct journal_mark *m)
{
	return load_part(dir, brief ? PART_BRIEF : PART_ALL, s, m);
}

int
cache_glance(int dir, struct state *s, struct journal_mark *m)
{
	return load_part(dir, PART_GLANCE, s, m);
}
