#include "sandbox/socks.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/cc.h"

enum { COMMAND_CONNECT = 1, TYPE_IPV4 = 1, TYPE_NAME = 3, TYPE_IPV6 = 4 };

enum socks_end
socks_greeting(const unsigned char *p, size_t n, size_t *used)
{
	if (n > 0 && p[0] != SOCKS_VERSION)
		return SOCKS_BAD;
	if (n < 2 || n < 2U + p[1])
		return SOCKS_MORE;
	*used = 2U + p[1];
	return memchr(p + 2, 0, p[1]) != NULL ? SOCKS_OK : SOCKS_BAD;
}

static enum socks_end
refuse(enum socks_code why, enum socks_code *code)
{
	*code = why;
	return SOCKS_BAD;
}

/* How many bytes the address has, and where it begins; 0: bad type. */
static size_t
address_length(const unsigned char *p, size_t *at)
{
	*at = 4;
	switch (p[3]) {
	case TYPE_IPV4:
		return 4;
	case TYPE_IPV6:
		return 16;
	case TYPE_NAME:
		*at = 5;
		return p[4];
	default:
		return 0;
	}
}

enum socks_end
socks_request(const unsigned char *p, size_t n, size_t *used, char to[300],
    enum socks_code *code)
{
	char host[INET6_ADDRSTRLEN];
	size_t at, len;
	unsigned port;

	if (n > 0 && p[0] != SOCKS_VERSION)
		return refuse(SOCKS_FAILED, code);
	if (n > 1 && p[1] != COMMAND_CONNECT)
		return refuse(SOCKS_BAD_COMMAND, code);
	if (n < 5)
		return SOCKS_MORE;
	len = address_length(p, &at);
	if (len == 0)
		return refuse(SOCKS_BAD_ADDRESS, code);
	if (n < at + len + 2)
		return SOCKS_MORE;
	port = (unsigned)p[at + len] << 8 | p[at + len + 1];
	if (p[3] == TYPE_NAME) {
		if (memchr(p + at, '\0', len) != NULL)
			return refuse(SOCKS_BAD_ADDRESS, code);
		(void)snprintf(
		    to, 300, "%.*s:%u", (int)len, (const char *)p + at, port);
	} else if (p[3] == TYPE_IPV4) {
		(void)inet_ntop(AF_INET, p + at, host, sizeof(host));
		(void)snprintf(to, 300, "%s:%u", host, port);
	} else {
		(void)inet_ntop(AF_INET6, p + at, host, sizeof(host));
		(void)snprintf(to, 300, "[%s]:%u", host, port);
	}
	*used = at + len + 2;
	return SOCKS_OK;
}

void
socks_reply(enum socks_code code, unsigned char out[SOCKS_REPLY])
{
	memset(out, 0, SOCKS_REPLY);
	out[0] = SOCKS_VERSION;
	out[1] = (unsigned char)code;
	out[3] = TYPE_IPV4;
}
