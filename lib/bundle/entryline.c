/* Entries as lines of the index, written and read. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/jsontext.h"
#include "base/jsonw.h"
#include "base/num.h"
#include "base/utf8.h"
#include "bundle/entry.h"

/* `"key":"…"`, or `"key64":"…"` in base64 where the bytes are not UTF-8. */
static void
put_bytes(struct buf *b, const char *key, struct slice s)
{
	bool text = utf8_valid(s.data, s.len) == s.len;

	buf_putc(b, '"');
	buf_puts(b, key);
	buf_puts(b, text ? "\":" : "64\":\"");
	if (text) {
		json_quote(b, s.data, s.len);
	} else {
		base64_encode(b, s.data, s.len);
		buf_putc(b, '"');
	}
}

static void
put_number(struct buf *b, const char *key, int64_t n)
{
	char digits[24];
	size_t at = sizeof(digits);
	uint64_t u = (uint64_t)n;

	do {
		digits[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u > 0);
	buf_puts(b, key);
	buf_add(b, digits + at, sizeof(digits) - at);
}

static const char *
link_key(enum entry_type t)
{
	return t == ENTRY_WITHHELD ? "secret" : "link";
}

static void
put_core(struct buf *b, const struct entry *e)
{
	char hex[DIGEST_HEX + 1], mode[] = "0000";

	buf_putc(b, '{');
	put_bytes(b, "path", e->path);
	buf_puts(b, ",\"type\":\"");
	buf_puts(b, entry_type_name(e->type));
	buf_putc(b, '"');
	if (entry_has_mode(e->type)) {
		mode[0] = (char)('0' + (e->mode >> 9 & 7));
		mode[1] = (char)('0' + (e->mode >> 6 & 7));
		mode[2] = (char)('0' + (e->mode >> 3 & 7));
		mode[3] = (char)('0' + (e->mode & 7));
		buf_puts(b, ",\"mode\":\"");
		buf_add(b, mode, 4);
		buf_putc(b, '"');
	}
	if (entry_has_content(e->type)) {
		put_number(b, ",\"size\":", e->size);
		digest_hex(&e->sha256, hex);
		buf_puts(b, ",\"sha256\":\"");
		buf_add(b, hex, DIGEST_HEX);
		buf_putc(b, '"');
	}
	if (entry_has_link(e->type)) {
		buf_putc(b, ',');
		put_bytes(b, link_key(e->type), e->link);
	}
}

void
entry_tree_line(struct buf *b, const struct entry *e)
{
	put_core(b, e);
	buf_add(b, "}\n", 2);
}

void
entry_line(struct buf *b, const struct entry *e)
{
	put_core(b, e);
	if (entry_has_time(e->type))
		buf_printf(b, ",\"mtime\":\"%" PRId64 ".%09" PRId64 "\"",
		    e->mtime / CLOCK_SECOND, e->mtime % CLOCK_SECOND);
	if (e->type == ENTRY_FILE) {
		put_number(b, ",\"frame\":", e->frame);
		put_number(b, ",\"offset\":", e->offset);
	}
	buf_add(b, "}\n", 2);
}

/* A cursor over a line; `bad` once something was not there. */
struct scanner {
	const char *at, *end;
	bool bad;
};

static bool
maybe(struct scanner *s, const char *text)
{
	size_t n = strlen(text);

	if (s->bad || (size_t)(s->end - s->at) < n ||
	    memcmp(s->at, text, n) != 0)
		return false;
	s->at += n;
	return true;
}

static void
expect(struct scanner *s, const char *text)
{
	if (!maybe(s, text))
		s->bad = true;
}

/* Up to the next quote that no backslash stands before; at most `most`. */
static struct slice
quoted(struct scanner *s, size_t most)
{
	struct slice r = {s->at, 0};

	while (!s->bad && s->at < s->end && *s->at != '"') {
		if (*s->at == '\\')
			s->at++;
		s->at++;
	}
	if (s->bad || s->at >= s->end || (size_t)(s->at - r.data) > most) {
		s->bad = true;
		return (struct slice){"", 0};
	}
	r.len = (size_t)(s->at - r.data);
	s->at++;
	return r;
}

static int64_t
number(struct scanner *s)
{
	int64_t n = 0;
	int digits = 0;

	while (
	    s->at < s->end && *s->at >= '0' && *s->at <= '9' && digits++ < 18)
		n = n * 10 + (*s->at++ - '0');
	if (digits == 0)
		s->bad = true;
	return n;
}

/* The value of `"key":"…"` or `"key64":"…"`. */
static struct slice
bytes(struct scanner *s, const char *key, struct buf *room)
{
	char plain[16], coded[16];
	struct slice raw;
	ssize_t n;

	(void)snprintf(plain, sizeof(plain), "\"%s\":\"", key);
	(void)snprintf(coded, sizeof(coded), "\"%s64\":\"", key);
	buf_clear(room);
	if (maybe(s, plain)) {
		raw = quoted(s, (size_t)ENTRY_PATH_MAX * 6);
		if (memchr(raw.data, '\\', raw.len) == NULL)
			return raw;
		json_unquote(room, (struct slice){raw.data - 1, raw.len + 2});
		return (struct slice){buf_str(room), room->len};
	}
	expect(s, coded);
	raw = quoted(s, (size_t)ENTRY_PATH_MAX * 2);
	buf_reserve(room, raw.len + 1);
	n = s->bad ? -1 : base64_decode(raw.data, raw.len, room->data, raw.len);
	if (n < 0) {
		s->bad = true;
		return (struct slice){"", 0};
	}
	room->len = (size_t)n;
	room->data[n] = '\0';
	return (struct slice){room->data, room->len};
}

static enum entry_type
type_of(struct slice name)
{
	int t;

	for (t = 0; t < ENTRY_TYPES; t++)
		if (strlen(entry_type_name((enum entry_type)t)) == name.len &&
		    memcmp(entry_type_name((enum entry_type)t), name.data,
			name.len) == 0)
			break;
	return (enum entry_type)t;
}

static void
parse_core(struct scanner *s, struct entry_text *text, struct entry *e)
{
	struct slice v;

	expect(s, "{");
	e->path = bytes(s, "path", &text->path);
	expect(s, ",\"type\":\"");
	e->type = type_of(quoted(s, 16));
	if (e->type == ENTRY_TYPES)
		s->bad = true;
	if (s->bad)
		return;
	if (entry_has_mode(e->type)) {
		expect(s, ",\"mode\":\"");
		v = quoted(s, 4);
		while (v.len > 0) {
			e->mode = e->mode << 3 | ((unsigned)*v.data++ & 7);
			v.len--;
		}
	}
	if (entry_has_content(e->type)) {
		expect(s, ",\"size\":");
		e->size = number(s);
		expect(s, ",\"sha256\":\"");
		v = quoted(s, DIGEST_HEX);
		if (s->bad || digest_parse(v.data, v.len, &e->sha256) < 0)
			s->bad = true;
	}
	if (entry_has_link(e->type)) {
		expect(s, ",");
		e->link = bytes(s, link_key(e->type), &text->link);
	}
}

static void
parse_rest(struct scanner *s, struct entry *e)
{
	if (entry_has_time(e->type)) {
		expect(s, ",\"mtime\":\"");
		e->mtime = number(s);
		if (e->mtime >= INT64_MAX / CLOCK_SECOND)
			s->bad = true;
		else
			e->mtime *= CLOCK_SECOND;
		expect(s, ".");
		e->mtime += number(s) % CLOCK_SECOND;
		expect(s, "\"");
	}
	if (e->type == ENTRY_FILE) {
		expect(s, ",\"frame\":");
		e->frame = number(s);
		expect(s, ",\"offset\":");
		e->offset = number(s);
	}
	expect(s, "}");
}

static bool
sensible(const struct entry *e)
{
	if (!entry_path_good(e->path) || e->mode > 01777)
		return false;
	if (e->type == ENTRY_HARDLINK)
		return entry_path_good(e->link) &&
		       entry_compare(e->link, e->path) < 0;
	return !entry_has_link(e->type) ||
	       (e->link.len > 0 && e->link.len <= ENTRY_PATH_MAX &&
		   memchr(e->link.data, 0, e->link.len) == NULL);
}

int
entry_parse(const char *line, size_t len, struct entry_text *text,
    struct entry *out, struct err *e)
{
	struct scanner s = {line, line + len, false};
	struct buf again CLEANUP_BUF = {0};
	struct entry got = {0};

	parse_core(&s, text, &got);
	if (!s.bad)
		parse_rest(&s, &got);
	if (s.bad || s.at != s.end || !sensible(&got))
		return err_set(e, EX_DATAERR, 0,
		    "the index holds a line that is none of ours");
	buf_reserve(&again, len + 2);
	entry_line(&again, &got);
	if (again.len != len + 1 || memcmp(again.data, line, len) != 0)
		return err_set(e, EX_DATAERR, 0,
		    "the index holds a line in another form than ours");
	*out = got;
	return 0;
}
