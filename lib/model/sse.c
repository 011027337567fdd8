#include "model/sse.h"

#include <string.h>

void
sse_init(struct sse *s, size_t max)
{
	memset(s, 0, sizeof(*s));
	buf_init(&s->line, max);
	buf_init(&s->data, max);
}

void
sse_free(struct sse *s)
{
	buf_free(&s->line);
	buf_free(&s->data);
}

static int
dispatch(struct sse *s, const struct sse_handler *h)
{
	int rc = 0;

	if (s->data.full)
		return SSE_TOO_LARGE;
	if (s->has_data)
		rc = h->event(h->arg, s->event,
		    (struct slice){buf_str(&s->data), s->data.len});
	buf_clear(&s->data);
	s->event[0] = '\0';
	s->has_data = false;
	return rc;
}

static void
take_field(struct sse *s, struct slice name, struct slice value)
{
	size_t n = value.len;

	if (name.len == 4 && memcmp(name.data, "data", 4) == 0) {
		if (s->has_data)
			buf_putc(&s->data, '\n');
		buf_add(&s->data, value.data, value.len);
		s->has_data = true;
	} else if (name.len == 5 && memcmp(name.data, "event", 5) == 0) {
		if (n >= sizeof(s->event))
			n = sizeof(s->event) - 1;
		memcpy(s->event, value.data, n);
		s->event[n] = '\0';
	}
}

/* A line is whole. */
static int
end_line(struct sse *s, const struct sse_handler *h)
{
	struct slice line = {buf_str(&s->line), s->line.len}, value;
	const char *colon;

	if (s->line.full)
		return SSE_TOO_LARGE;
	if (!s->started) {
		s->started = true;
		if (line.len >= 3 &&
		    memcmp(line.data, "\xef\xbb\xbf", 3) == 0) {
			line.data += 3;
			line.len -= 3;
		}
	}
	if (line.len == 0)
		return dispatch(s, h);
	colon = memchr(line.data, ':', line.len);
	value = (struct slice){line.data + line.len, 0};
	if (colon != NULL) {
		value.data = colon + 1;
		value.len = line.len - (size_t)(colon + 1 - line.data);
		line.len = (size_t)(colon - line.data);
		if (value.len > 0 && *value.data == ' ') {
			value.data++;
			value.len--;
		}
	}
	take_field(s, line, value);
	return 0;
}

int
sse_feed(struct sse *s, const char *p, size_t len, const struct sse_handler *h)
{
	const char *end = p + len, *q;
	int rc;

	while (p < end) {
		if (s->after_cr) {
			s->after_cr = false;
			if (*p == '\n') {
				p++;
				continue;
			}
		}
		for (q = p; q < end && *q != '\n' && *q != '\r'; q++)
			;
		buf_add(&s->line, p, (size_t)(q - p));
		p = q;
		if (p < end) {
			s->after_cr = *p++ == '\r';
			rc = end_line(s, h);
			buf_clear(&s->line);
			if (rc != 0)
				return rc;
		}
		if (s->line.full || s->data.full)
			return SSE_TOO_LARGE;
	}
	return 0;
}

int
sse_end(struct sse *s, const struct sse_handler *h)
{
	int rc = 0;

	if (s->line.len > 0) {
		rc = end_line(s, h);
		buf_clear(&s->line);
	}
	return rc != 0 ? rc : dispatch(s, h);
}
