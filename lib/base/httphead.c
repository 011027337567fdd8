#include "base/httphead.h"

#include <strings.h>

/* Append a value; what does not fit is cut. */
static void
put(char *to, size_t room, const char *v, size_t n)
{
	size_t len = strlen(to);

	if (n > room - 1 - len)
		n = room - 1 - len;
	memcpy(to + len, v, n);
	to[len + n] = '\0';
}

/* "Name: value\r\n" into the field that keeps it. */
static void
take(struct http_head *head, const char *line, size_t len)
{
	const struct {
		const char *name;
		char *to;
		size_t room;
	} all[] = {
	    {"content-type", head->content_type, sizeof(head->content_type)},
	    {"retry-after", head->retry_after, sizeof(head->retry_after)},
	    {"retry-after-ms", head->retry_after_ms,
		sizeof(head->retry_after_ms)},
	    {"x-should-retry", head->should_retry, sizeof(head->should_retry)},
	    {"content-encoding", head->content_encoding,
		sizeof(head->content_encoding)},
	    {"location", head->location, sizeof(head->location)},
	    {"range", head->range, sizeof(head->range)},
	    {"content-range", head->content_range, sizeof(head->content_range)},
	    {"docker-content-digest", head->content_digest,
		sizeof(head->content_digest)},
	    {"oci-chunk-min-length", head->chunk_min, sizeof(head->chunk_min)},
	    {"www-authenticate", head->authenticate,
		sizeof(head->authenticate)},
	};
	const char *colon = memchr(line, ':', len), *v, *end = line + len;
	size_t i, n;

	if (colon == NULL)
		return;
	for (v = colon + 1; v < end && (*v == ' ' || *v == '\t'); v++)
		;
	while (end > v && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	for (i = 0; i < COUNT_OF(all); i++) {
		n = strlen(all[i].name);
		if ((size_t)(colon - line) != n ||
		    strncasecmp(line, all[i].name, n) != 0)
			continue;
		/* These are lists, which may come in several lines. */
		if (all[i].to != head->authenticate &&
		    all[i].to != head->content_encoding)
			all[i].to[0] = '\0';
		else if (all[i].to[0] != '\0')
			put(all[i].to, all[i].room, ", ", 2);
		put(all[i].to, all[i].room, v, (size_t)(end - v));
	}
}

static void
start(struct http_head *head, const char *line, size_t len)
{
	const char *p = memchr(line, ' ', len), *end = line + len;

	memset(head, 0, sizeof(*head));
	for (; p != NULL && ++p < end && *p >= '0' && *p <= '9' &&
	       head->status < 1000;)
		head->status = head->status * 10 + (*p - '0');
}

void
http_head_line(struct http_head *head, const char *line, size_t len)
{
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0)
		start(head, line, len);
	else
		take(head, line, len);
}
