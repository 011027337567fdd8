#include "sandbox/head.h"

#include <string.h>
#include <strings.h>

#include "base/num.h"

/* RFC 9110, 5.6.2: letters, digits and these. */
static bool
is_token(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		char c = s.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') ||
			(c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL)))
			return false;
	}
	return s.len > 0;
}

static bool
is_text(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (((unsigned char)s.data[i] < ' ' && s.data[i] != '\t') ||
		    s.data[i] == 0x7f)
			return false;
	return true;
}

bool
slice_is(struct slice s, const char *text)
{
	return s.len == strlen(text) && strncasecmp(s.data, text, s.len) == 0;
}

/* The next line without its CR and LF; false when it is not whole. */
static bool
next_line(const char **p, const char *end, struct slice *out)
{
	const char *lf = memchr(*p, '\n', (size_t)(end - *p));

	if (lf == NULL)
		return false;
	*out = (struct slice){*p, (size_t)(lf - *p)};
	*p = lf + 1;
	return true;
}

static enum head_end
read_field(struct slice line, struct head *h)
{
	const char *colon = memchr(line.data, ':', line.len);
	struct head_field f;

	if (colon == NULL)
		return HEAD_BAD;
	f.name = (struct slice){line.data, (size_t)(colon - line.data)};
	f.value = (struct slice){colon + 1, line.len - f.name.len - 1};
	while (f.value.len > 0 && strchr(" \t", f.value.data[0]) != NULL) {
		f.value.data++;
		f.value.len--;
	}
	while (f.value.len > 0 &&
	       strchr(" \t", f.value.data[f.value.len - 1]) != NULL)
		f.value.len--;
	/* a name that begins with a space is a folded line: refused as well */
	if (!is_token(f.name) || !is_text(f.value))
		return HEAD_BAD;
	if (h->count == HEAD_FIELDS)
		return HEAD_LONG;
	h->fields[h->count++] = f;
	return HEAD_OK;
}

/* First line to `first`, then the fields. */
static enum head_end
read_lines(const char *data, size_t n, struct slice *first, struct head *h)
{
	const char *p = data, *end = data + (n < HEAD_MOST ? n : HEAD_MOST);
	struct slice line;
	enum head_end got;
	size_t i;

	for (i = 0; next_line(&p, end, &line); i++) {
		if (line.len == 0 || line.data[line.len - 1] != '\r')
			return HEAD_BAD;
		line.len--;
		if (i == 0) {
			if (line.len == 0 || !is_text(line))
				return HEAD_BAD;
			*first = line;
		} else if (line.len == 0) {
			h->len = (size_t)(p - data);
			return HEAD_OK;
		} else {
			got = read_field(line, h);
			if (got != HEAD_OK)
				return got;
		}
	}
	return n >= HEAD_MOST ? HEAD_LONG : HEAD_MORE;
}

static int
read_version(struct slice s, struct head *h)
{
	if (s.len != 8 || memcmp(s.data, "HTTP/1.", 7) != 0 ||
	    (s.data[7] != '0' && s.data[7] != '1'))
		return -1;
	h->old = s.data[7] == '0';
	return 0;
}

static struct slice
next_word(struct slice *s)
{
	const char *space = memchr(s->data, ' ', s->len);
	size_t n = space == NULL ? s->len : (size_t)(space - s->data);
	struct slice word = {s->data, n};

	s->data += n + (space != NULL);
	s->len -= n + (space != NULL);
	return word;
}

enum head_end
head_read_request(const char *data, size_t n, struct head *out)
{
	struct slice first;
	enum head_end end;

	out->count = 0;
	out->status = 0;
	end = read_lines(data, n, &first, out);
	if (end != HEAD_OK)
		return end;
	out->method = next_word(&first);
	out->target = next_word(&first);
	if (!is_token(out->method) || out->target.len == 0 ||
	    memchr(out->target.data, '\t', out->target.len) != NULL ||
	    read_version(first, out) < 0)
		return HEAD_BAD;
	return HEAD_OK;
}

enum head_end
head_read_reply(const char *data, size_t n, struct head *out)
{
	struct slice first, code;
	enum head_end end;

	out->count = 0;
	end = read_lines(data, n, &first, out);
	if (end != HEAD_OK)
		return end;
	if (read_version(next_word(&first), out) < 0)
		return HEAD_BAD;
	code = next_word(&first);
	if (code.len != 3 || code.data[0] < '1' || code.data[0] > '5' ||
	    code.data[1] < '0' || code.data[1] > '9' || code.data[2] < '0' ||
	    code.data[2] > '9')
		return HEAD_BAD;
	out->status = (unsigned)(code.data[0] - '0') * 100 +
		      (unsigned)(code.data[1] - '0') * 10 +
		      (unsigned)(code.data[2] - '0');
	return HEAD_OK;
}

const struct head_field *
head_find(const struct head *h, const char *name, bool *again)
{
	const struct head_field *found = NULL;
	size_t i;

	*again = false;
	for (i = 0; i < h->count; i++) {
		if (!slice_is(h->fields[i].name, name))
			continue;
		*again = found != NULL;
		if (found == NULL)
			found = &h->fields[i];
	}
	return found;
}

/* Length or chunks, and nothing that could be the other; -1. */
static int
read_framing(const struct head *h, struct framing *out)
{
	bool lengths, codings;
	const struct head_field *length =
	    head_find(h, "Content-Length", &lengths);
	const struct head_field *coding =
	    head_find(h, "Transfer-Encoding", &codings);
	char text[20];
	int64_t v;

	if (lengths || codings || (length != NULL && coding != NULL))
		return -1;
	if (coding != NULL) {
		if (!slice_is(coding->value, "chunked") || h->old)
			return -1;
		out->kind = FRAMING_CHUNKED;
		return 0;
	}
	if (length == NULL)
		return 0;
	if (length->value.len == 0 || length->value.len >= sizeof(text))
		return -1;
	memcpy(text, length->value.data, length->value.len);
	text[length->value.len] = '\0';
	if (text[strspn(text, "0123456789")] != '\0' ||
	    num_int(text, 0, (int64_t)1 << 53, &v) < 0)
		return -1;
	out->kind = FRAMING_LENGTH;
	out->left = (uint64_t)v;
	out->done = v == 0;
	return 0;
}

int
head_request_body(const struct head *h, struct framing *out)
{
	struct framing f = {.kind = FRAMING_NONE};

	if (read_framing(h, &f) < 0)
		return -1;
	if (f.kind == FRAMING_NONE)
		f.done = true;
	*out = f;
	return 0;
}

int
head_reply_body(const struct head *h, bool to_head_request, struct framing *out)
{
	struct framing f = {.kind = FRAMING_CLOSE};

	if (read_framing(h, &f) < 0)
		return -1;
	if (to_head_request || h->status < 200 || h->status == 204 ||
	    h->status == 304)
		f = (struct framing){.kind = FRAMING_NONE, .done = true};
	*out = f;
	return 0;
}
