#include "grant/resource.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"

enum { HOST_MOST = 253 }; /* RFC 1035, without the dot at the end */

/* The canonical text of an IPv6 address; a mapped one becomes IPv4. */
static bool
canonical_address(const char *text, char out[INET6_ADDRSTRLEN + 2])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char plain[INET6_ADDRSTRLEN];
	unsigned char a[16];

	if (inet_pton(AF_INET6, text, a) != 1)
		return false;
	if (memcmp(a, mapped, sizeof(mapped)) == 0) {
		(void)inet_ntop(AF_INET, a + 12, out, INET6_ADDRSTRLEN);
		return true;
	}
	(void)inet_ntop(AF_INET6, a, plain, sizeof(plain));
	(void)snprintf(out, INET6_ADDRSTRLEN + 2, "[%s]", plain);
	return true;
}

/*
 * A last label of digits, or 0x…, makes resolvers read the name as an IPv4
 * address in one of inet_aton(3)'s forms ("127.1"); only the dotted quad is a
 * name here, so that no other spelling passes by a grant.
 */
static bool
ends_in_number(const char *host)
{
	const char *label = strrchr(host, '.');

	label = label == NULL ? host : label + 1;
	if (label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
		return true;
	return label[0] != '\0' && label[strspn(label, "0123456789")] == '\0';
}

static bool
is_host(const char *host)
{
	unsigned char a[4];
	size_t n = strlen(host), label = 0, i;

	if (n == 0 || n > HOST_MOST || utf8_valid(host, n) != n)
		return false;
	for (i = 0; i <= n; i++) {
		unsigned char c = (unsigned char)host[i];

		if (c == '.' || c == '\0') {
			if (label == 0)
				return false;
			label = 0;
		} else if (isalnum(c) || c == '-' || c == '_' || c >= 0x80) {
			label++;
		} else {
			return false;
		}
	}
	return !ends_in_number(host) || inet_pton(AF_INET, host, a) == 1;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

static bool
is_port(const char *port, bool pattern)
{
	int64_t v;

	if (pattern && strcmp(port, "*") == 0)
		return true;
	return port[0] != '0' && num_int(port, 1, 65535, &v) == 0;
}

char *
resource_host(const char *text, bool pattern)
{
	char *copy CLEANUP_FREE = mem_strdup(text);
	char *port = strrchr(copy, ':'), *host = copy;
	char address[INET6_ADDRSTRLEN + 2];
	size_t n;

	if (port == NULL || !is_port(port + 1, pattern))
		return NULL;
	*port++ = '\0';
	n = strlen(host);
	if (host[0] == '[') {
		if (n < 3 || host[n - 1] != ']')
			return NULL;
		host[n - 1] = '\0';
		if (!canonical_address(host + 1, address))
			return NULL;
		return mem_printf("%s:%s", address, port);
	}
	lower(host);
	if (!pattern && n > 1 && host[n - 1] == '.')
		host[n - 1] = '\0'; /* the root's dot: the same name */
	if (pattern && strncmp(host, "*.", 2) == 0) {
		if (!is_host(host + 2) || ends_in_number(host + 2))
			return NULL;
	} else if (!is_host(host)) {
		return NULL;
	}
	return mem_printf("%s:%s", host, port);
}
