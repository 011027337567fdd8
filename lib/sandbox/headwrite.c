/* Heads written again: for the next connection, without what was about the
 * last one. */
#include <string.h>
#include <strings.h>

#include "sandbox/head.h"

/* "host:port" of a URL's authority; 0, or -1 when it is none that is taken. */
static int
read_authority(struct slice s, const char *port, char out[300])
{
	const char *colon = memrchr(s.data, ':', s.len);
	const char *bracket = memchr(s.data, ']', s.len);

	if (s.len == 0 || s.len > 280 || memchr(s.data, '@', s.len) != NULL ||
	    memchr(s.data, '%', s.len) != NULL)
		return -1;
	if (colon != NULL && (bracket == NULL || colon > bracket))
		port = "";
	else if (port == NULL)
		return -1;
	(void)snprintf(out, 300, "%.*s%s%s", (int)s.len, s.data,
	    port[0] == '\0' ? "" : ":", port);
	return 0;
}

int
head_connect_target(const struct head *h, struct head_target *out)
{
	struct head_target t = {.path = {"", 0}};

	if (read_authority(h->target, NULL, t.host) < 0)
		return -1;
	*out = t;
	return 0;
}

int
head_absolute_target(const struct head *h, struct head_target *out)
{
	static const char scheme[] = "http://";
	const size_t skip = sizeof(scheme) - 1;
	struct head_target t = {.bare = false};
	struct slice rest = h->target;
	size_t n = 0;

	if (rest.len <= skip || strncasecmp(rest.data, scheme, skip) != 0)
		return -1;
	rest.data += skip;
	rest.len -= skip;
	while (n < rest.len && strchr("/?#", rest.data[n]) == NULL)
		n++;
	if (read_authority((struct slice){rest.data, n}, "80", t.host) < 0)
		return -1;
	t.path = (struct slice){rest.data + n, rest.len - n};
	t.bare = n == rest.len || rest.data[n] != '/';
	*out = t;
	return 0;
}

/* Is `name` a word of this comma-separated list? */
static bool
lists(struct slice list, struct slice name)
{
	const char *p = list.data, *end = list.data + list.len, *comma;

	while (p < end) {
		comma = memchr(p, ',', (size_t)(end - p));
		if (comma == NULL)
			comma = end;
		while (p < comma && (*p == ' ' || *p == '\t'))
			p++;
		if ((size_t)(comma - p) >= name.len &&
		    strncasecmp(p, name.data, name.len) == 0 &&
		    strspn(p + name.len, " \t") >=
			(size_t)(comma - p) - name.len)
			return true;
		p = comma + 1;
	}
	return false;
}

/* RFC 9110, 7.6.1: fields about this connection alone. */
static bool
is_of_hop(const struct head *h, struct slice name)
{
	static const char *const names[] = {"Connection", "Keep-Alive", "TE",
	    "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length"};
	size_t i;

	if (name.len > 6 && strncasecmp(name.data, "Proxy-", 6) == 0)
		return true;
	for (i = 0; i < COUNT_OF(names); i++)
		if (slice_is(name, names[i]))
			return true;
	for (i = 0; i < h->count; i++)
		if (slice_is(h->fields[i].name, "Connection") &&
		    lists(h->fields[i].value, name))
			return true;
	return false;
}

static void
put_slice(struct buf *b, struct slice s)
{
	buf_add(b, s.data, s.len);
}

static void
put_field(struct buf *b, const struct head_field *f)
{
	put_slice(b, f->name);
	buf_puts(b, ": ");
	put_slice(b, f->value);
	buf_puts(b, "\r\n");
}

static void
put_framing(struct buf *b, const struct framing *f)
{
	if (f->kind == FRAMING_LENGTH)
		buf_printf(
		    b, "Content-Length: %llu\r\n", (unsigned long long)f->left);
	else if (f->kind == FRAMING_CHUNKED)
		buf_puts(b, "Transfer-Encoding: chunked\r\n");
}

/* Does the credential take this field's place? */
static bool
replaced(struct slice name, const char *credential)
{
	return credential != NULL &&
	       (slice_is(name, "Accept-Encoding") ||
		   (strncasecmp(name.data, credential, name.len) == 0 &&
		       credential[name.len] == ':'));
}

void
head_write_request(const struct head *h, const struct head_target *to,
    const struct framing *body, const char *host, const char *credential,
    struct buf *out)
{
	const char *mark = memchr(to->path.data, '#', to->path.len);
	struct slice path = to->path;
	size_t i;

	if (mark != NULL)
		path.len = (size_t)(mark - path.data);
	put_slice(out, h->method);
	buf_puts(out, to->bare ? " /" : " ");
	put_slice(out, path);
	buf_printf(out, " HTTP/1.1\r\nHost: %s\r\n", host);
	for (i = 0; i < h->count; i++)
		if (!is_of_hop(h, h->fields[i].name) &&
		    !slice_is(h->fields[i].name, "Host") &&
		    !replaced(h->fields[i].name, credential))
			put_field(out, &h->fields[i]);
	if (credential != NULL)
		buf_printf(
		    out, "Accept-Encoding: identity\r\n%s\r\n", credential);
	put_framing(out, body);
	buf_puts(out, "Connection: close\r\n\r\n");
}

void
head_write_reply(
    const struct head *h, const struct framing *body, struct buf *out)
{
	size_t i;

	buf_printf(out, "HTTP/1.1 %u \r\n", h->status);
	for (i = 0; i < h->count; i++) {
		struct slice name = h->fields[i].name;
		bool frames = slice_is(name, "Content-Length") ||
			      slice_is(name, "Transfer-Encoding");

		if (slice_is(name, "Alt-Svc") ||
		    (frames ? body != NULL : is_of_hop(h, name)))
			continue;
		put_field(out, &h->fields[i]);
	}
	if (body != NULL)
		put_framing(out, body);
	if (h->status >= 200)
		buf_puts(out, "Connection: close\r\n");
	buf_puts(out, "\r\n");
}
