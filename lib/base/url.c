#include "base/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define URL_LONGEST 8000

void
url_free(struct url *u)
{
	free(u->text);
	u->text = NULL;
}

static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
		    strchr("\\\"<>^`{|}", *s) != NULL)
			return false;
	return true;
}

/* Names, IPv4 addresses, and IPv6 ones in their brackets. */
static int
parse_host(const char *p, size_t n, struct url *out, struct err *e)
{
	bool bracket = n > 2 && p[0] == '[' && p[n - 1] == ']';
	size_t i;

	if (n == 0 || n >= sizeof(out->host))
		return err_set(e, EX_DATAERR, 0, "bad URL: no host");
	for (i = 0; i < n; i++) {
		char c = p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		out->host[i] = c;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		    c == '.' || c == '-' || (c == '_' && !bracket) ||
		    (bracket && (c == ':' || i == 0 || i == n - 1)))
			continue;
		return err_set(
		    e, EX_DATAERR, 0, "bad URL: the host holds '%.1s'", p + i);
	}
	out->host[n] = '\0';
	return 0;
}

static int
parse_authority(const char *p, size_t n, struct url *out, struct err *e)
{
	char port[8];
	const char *colon;
	int64_t v;

	if (memchr(p, '@', n) != NULL)
		return err_set(e, EX_DATAERR, 0,
		    "bad URL: names and passwords in it are not taken");
	colon = memrchr(p, ':', n);
	if (colon != NULL && memchr(colon, ']', n - (size_t)(colon - p)))
		colon = NULL;
	if (colon != NULL) {
		size_t len = n - (size_t)(colon - p) - 1;

		if (len >= sizeof(port))
			return err_set(e, EX_DATAERR, 0, "bad URL: port");
		memcpy(port, colon + 1, len);
		port[len] = '\0';
		if (num_int(port, 1, 65535, &v) < 0)
			return err_set(e, EX_DATAERR, 0, "bad URL: port");
		out->port = (unsigned)v;
		n = (size_t)(colon - p);
	}
	return parse_host(p, n, out, e);
}

int
url_parse(const char *text, struct url *out, struct err *e)
{
	struct url u = {.port = 80};
	const char *p;
	size_t n;

	if (strlen(text) > URL_LONGEST)
		return err_set(e, EX_DATAERR, 0, "bad URL: too long");
	if (!is_plain(text))
		return err_set(e, EX_DATAERR, 0,
		    "bad URL: characters that must be written as %%XX");
	if (strncasecmp(text, "http://", 7) == 0) {
		p = text + 7;
	} else if (strncasecmp(text, "https://", 8) == 0) {
		p = text + 8;
		u.tls = true;
		u.port = 443;
	} else {
		return err_set(
		    e, EX_DATAERR, 0, "bad URL: expected http:// or https://");
	}
	n = strcspn(p, "/?#");
	if (parse_authority(p, n, &u, e) < 0)
		return -1;
	n += strcspn(p + n, "#");
	u.text = mem_printf("http%s://%.*s", u.tls ? "s" : "", (int)n, p);
	*out = u;
	return 0;
}

char *
url_resource(const struct url *u)
{
	return mem_printf("%s:%u", u->host, u->port);
}

/* Where in an absolute URL the path begins. */
static size_t
path_start(const char *text)
{
	const char *p = strstr(text, "://") + 3;

	return (size_t)(p - text) + strcspn(p, "/?");
}

/* Does a reference begin with a scheme? */
static bool
has_scheme(const char *s)
{
	size_t n = strcspn(s, ":/?#");

	return n > 0 && s[n] == ':';
}

/* RFC 3986, section 5.2; "." and ".." in the path are left to the server. */
int
url_follow(const struct url *base, const char *location, struct url *out,
    struct err *e)
{
	const char *b = base->text;
	size_t root = path_start(b), n = root + strcspn(b + root, "?");
	char *full CLEANUP_FREE = NULL;
	const char *slash;

	if (has_scheme(location)) {
		full = mem_strdup(location);
	} else if (strncmp(location, "//", 2) == 0) {
		full = mem_printf("http%s:%s", base->tls ? "s" : "", location);
	} else if (location[0] == '/') {
		full = mem_printf("%.*s%s", (int)root, b, location);
	} else if (location[0] == '?') {
		full = mem_printf("%.*s%s", (int)n, b, location);
	} else {
		slash = memrchr(b + root, '/', n - root);
		full = mem_printf("%.*s/%s",
		    slash == NULL ? (int)root : (int)(slash - b), b, location);
	}
	return url_parse(full, out, e);
}
