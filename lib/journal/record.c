#include "journal/record.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"

static const char *const names[RECORD_TYPES] = {
    [RECORD_BORN] = "born",
    [RECORD_GOAL] = "goal",
    [RECORD_MODEL_CALL] = "model.call",
    [RECORD_MODEL_REPLY] = "model.reply",
    [RECORD_TOOL_CALL] = "tool.call",
    [RECORD_TOOL_RESULT] = "tool.result",
    [RECORD_ASK] = "ask",
    [RECORD_ANSWER] = "answer",
    [RECORD_GRANT] = "grant",
    [RECORD_REVOKE] = "revoke",
    [RECORD_COMMAND] = "command",
    [RECORD_MAIL] = "mail",
    [RECORD_FORK] = "fork",
    [RECORD_JOIN] = "join",
    [RECORD_CKPT] = "ckpt",
    [RECORD_RESTORE] = "restore",
    [RECORD_WAIT] = "wait",
    [RECORD_WAKE] = "wake",
    [RECORD_BUDGET] = "budget",
    [RECORD_COMPACT] = "compact",
    [RECORD_NOTE] = "note",
    [RECORD_SEAL] = "seal",
    [RECORD_EXIT] = "exit",
};

static const char body_key[] = ",\"body\":";

const char *
record_type_name(enum record_type t)
{
	return names[t];
}

enum record_type
record_type_parse(const char *s, size_t len)
{
	enum record_type t;

	for (t = 0; t < RECORD_TYPES; t++)
		if (strlen(names[t]) == len && memcmp(names[t], s, len) == 0)
			break;
	return t;
}

bool
record_redacted(const struct record *r)
{
	return r->body.len == 4 && memcmp(r->body.data, "null", 4) == 0;
}

/* What is left of a line. */
struct cursor {
	const char *p, *end;
};

static bool
literal(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(c->end - c->p) < n || memcmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	return true;
}

/* The text up to the next quote, at most `room` - 1 bytes and none NUL. */
static bool
quoted(struct cursor *c, char *out, size_t room, size_t *len)
{
	const char *q = memchr(c->p, '"', (size_t)(c->end - c->p));

	if (q == NULL || (size_t)(q - c->p) >= room)
		return false;
	*len = (size_t)(q - c->p);
	memcpy(out, c->p, *len);
	out[*len] = '\0';
	c->p = q + 1;
	return strlen(out) == *len;
}

static bool
digest_field(struct cursor *c, const char *key, struct digest *out)
{
	if (!literal(c, key) || c->end - c->p < DIGEST_HEX ||
	    digest_parse(c->p, DIGEST_HEX, out) < 0)
		return false;
	c->p += DIGEST_HEX;
	return literal(c, "\"");
}

static bool
seq_field(struct cursor *c, int64_t *out)
{
	char text[20];
	size_t n = 0;

	if (!literal(c, "{\"seq\":"))
		return false;
	while (c->p < c->end && *c->p != ',' && n + 1 < sizeof(text))
		text[n++] = *c->p++;
	text[n] = '\0';
	return strlen(text) == n && text[0] != '0' &&
	       num_int(text, 1, (int64_t)1 << 53, out) == 0;
}

static const char *
parse_header(struct cursor *c, struct record *r)
{
	char text[32], again[CLOCK_TEXT];
	size_t n;

	if (!seq_field(c, &r->seq))
		return "seq";
	if (!literal(c, ",\"time\":\"") || !quoted(c, text, sizeof(text), &n) ||
	    clock_parse(text, &r->time) < 0)
		return "time";
	clock_text(r->time, again);
	if (strcmp(text, again) != 0)
		return "time";
	if (!literal(c, ",\"type\":\"") || !quoted(c, text, sizeof(text), &n))
		return "type";
	r->type = record_type_parse(text, n);
	if (r->type == RECORD_TYPES)
		return "type (of a later version?)";
	r->more = literal(c, ",\"more\":true");
	if (!digest_field(c, ",\"prev\":\"", &r->prev))
		return "prev";
	if (!digest_field(c, ",\"sum\":\"", &r->sum))
		return "sum";
	return NULL;
}

int
record_parse(const char *line, size_t len, struct record *out, struct err *e)
{
	struct record r = {.line = {line, len}};
	struct cursor c = {line, line + len};
	const char *bad = parse_header(&c, &r);
	struct digest sum;

	if (bad == NULL) {
		digest_of(line, (size_t)(c.p - line), &r.digest);
		bad = literal(&c, body_key) ? NULL : "body";
	}
	if (bad != NULL)
		return err_set(e, EX_DATAERR, 0, "not a record: bad %s", bad);
	if (c.end - c.p < 2 || c.end[-1] != '}')
		return err_set(e, EX_DATAERR, 0, "not a record: cut short");
	r.body = (struct slice){c.p, (size_t)(c.end - c.p) - 1};
	if (!record_redacted(&r)) {
		digest_of(r.body.data, r.body.len, &sum);
		if (!digest_equal(&sum, &r.sum))
			return err_set(e, EX_DATAERR, 0,
			    "its body is not the one that was written");
	}
	*out = r;
	return 0;
}

int
record_next(const char **at, const char *end, struct record *out, struct err *e)
{
	const char *nl = memchr(*at, '\n', (size_t)(end - *at));

	if (nl == NULL)
		return err_set(e, EX_DATAERR, 0, "the records are cut short");
	if (record_parse(*at, (size_t)(nl - *at), out, e) < 0)
		return -1;
	*at = nl + 1;
	return 0;
}

void
record_write(struct record *r, struct buf *out)
{
	char prev[DIGEST_HEX + 1], sum[DIGEST_HEX + 1], time[CLOCK_TEXT];
	size_t from = out->len;

	digest_of(r->body.data, r->body.len, &r->sum);
	digest_hex(&r->prev, prev);
	digest_hex(&r->sum, sum);
	clock_text(r->time, time);
	buf_printf(out,
	    "{\"seq\":%" PRId64 ",\"time\":\"%s\",\"type\":\"%s\"%s,"
	    "\"prev\":\"%s\",\"sum\":\"%s\"",
	    r->seq, time, names[r->type], r->more ? ",\"more\":true" : "", prev,
	    sum);
	digest_of(out->data + from, out->len - from, &r->digest);
	buf_puts(out, body_key);
	buf_add(out, r->body.data, r->body.len);
	buf_puts(out, "}\n");
}
