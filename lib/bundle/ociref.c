#include "bundle/ociref.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/num.h"

void
oci_digest_text(const struct digest *d, char out[OCI_DIGEST])
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	(void)snprintf(out, OCI_DIGEST, "sha256:%s", hex);
}

int
oci_digest_parse(const char *s, struct digest *out)
{
	if (strncmp(s, "sha256:", 7) != 0)
		return -1;
	return digest_parse(s + 7, strlen(s + 7), out);
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* How many bytes may stand between two letters of a name: ".", "_", "__" or
 * any number of "-". */
static size_t
separator(const char *s, const char *end)
{
	size_t n = 0;

	if (s < end && *s == '.')
		return 1;
	if (s < end && *s == '_')
		return s + 1 < end && s[1] == '_' ? 2 : 1;
	while (s + n < end && s[n] == '-')
		n++;
	return n;
}

static bool
name_good(const char *s, size_t len)
{
	const char *end = s + len;

	for (;;) {
		if (s == end || !is_alnum(*s))
			return false;
		while (s < end && is_alnum(*s))
			s++;
		if (s == end)
			return true;
		s += *s == '/' ? 1 : separator(s, end);
	}
}

static bool
tag_good(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			     "WXYZ0123456789_.-");

	return n > 0 && s[n] == '\0' && n <= 128 && *s != '.' && *s != '-';
}

static bool
is_loopback(const char *host)
{
	size_t n = strlen(host);
	struct in_addr a;

	return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       (n > 10 && strcmp(host + n - 10, ".localhost") == 0) ||
	       (inet_pton(AF_INET, host, &a) == 1 &&
		   ntohl(a.s_addr) >> 24 == 127);
}

static bool
port_good(const char *s)
{
	int64_t n;

	return num_int(s, 1, 65535, &n) == 0;
}

/* A name, an IPv4 address, or an IPv6 one in its brackets; and a port. */
static int
parse_host(const char *s, size_t len, struct oci_ref *r)
{
	struct in6_addr six;
	char *host = r->host, *colon, *close;
	size_t i;

	if (len == 0 || len >= sizeof(r->host))
		return -1;
	for (i = 0; i < len; i++)
		host[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a'
							    : s[i]);
	host[len] = '\0';
	close = host[0] == '[' ? strchr(host, ']') : NULL;
	colon = strchr(close == NULL ? host : close, ':');
	if (colon != NULL) {
		if (!port_good(colon + 1))
			return -1;
		*colon = '\0';
	}
	if (close != NULL) {
		if (close[1] != '\0')
			return -1;
		*close = '\0';
		i = inet_pton(AF_INET6, host + 1, &six) == 1;
		*close = ']';
		if (i == 0)
			return -1;
	} else {
		for (i = 0; host[i] != '\0'; i++)
			if (!is_alnum(host[i]) &&
			    (i == 0 || strchr(".-_", host[i]) == NULL))
				return -1;
		if (i == 0 || i > 253)
			return -1;
	}
	r->loopback = is_loopback(host);
	if (colon != NULL)
		*colon = ':';
	return 0;
}

int
oci_ref_parse(const char *text, struct oci_ref *out, struct err *e)
{
	struct oci_ref r = {0};
	const char *host = text + sizeof(OCI_SCHEME) - 1, *name, *end;

	if (strncmp(text, OCI_SCHEME, sizeof(OCI_SCHEME) - 1) != 0)
		return err_set(e, EX_USAGE, 0,
		    "'%.200s': expected " OCI_SCHEME "HOST/NAME:TAG", text);
	name = host + strcspn(host, "/");
	if (parse_host(host, (size_t)(name - host), &r) < 0)
		return err_set(e, EX_USAGE, 0, "'%.200s': '%.*s' is no host",
		    text, (int)(name - host > 100 ? 100 : name - host), host);
	name += *name == '/';
	end = name + strcspn(name, ":@");
	if ((size_t)(end - name) >= sizeof(r.name) ||
	    !name_good(name, (size_t)(end - name)))
		return err_set(e, EX_USAGE, 0,
		    "'%.200s': names in a registry are words of a-z and 0-9, "
		    "joined by '.', '_', '-' and '/'",
		    text);
	memcpy(r.name, name, (size_t)(end - name));
	if (*end == '@' ? oci_digest_parse(end + 1, &r.digest) < 0
			: *end == '\0' || !tag_good(end + 1))
		return err_set(e, EX_USAGE, 0,
		    "'%.200s': expected :TAG or @sha256:DIGEST at the end",
		    text);
	if (*end == ':')
		memcpy(r.tag, end + 1, strlen(end + 1));
	*out = r;
	return 0;
}
