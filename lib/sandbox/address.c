#include "sandbox/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "base/cc.h"

static enum address_class
class_of_ipv4(uint32_t a)
{
	static const struct {
		uint32_t net;
		int bits;
		enum address_class class;
	} special[] = {
	    {0x00000000, 8, ADDRESS_LOCAL}, {0x0a000000, 8, ADDRESS_PRIVATE},
	    {0x64400000, 10, ADDRESS_PRIVATE}, {0x7f000000, 8, ADDRESS_LOCAL},
	    {0xa9fe0000, 16, ADDRESS_LOCAL}, {0xac100000, 12, ADDRESS_PRIVATE},
	    {0xc0000000, 24, ADDRESS_PRIVATE},
	    {0xc0a80000, 16, ADDRESS_PRIVATE},
	    {0xc6120000, 15, ADDRESS_PRIVATE},
	    {0xe0000000, 3, ADDRESS_LOCAL}, /* multicast and reserved */
	};
	size_t i;

	for (i = 0; i < COUNT_OF(special); i++)
		if ((a ^ special[i].net) >> (32 - special[i].bits) == 0)
			return special[i].class;
	return ADDRESS_PUBLIC;
}

static uint32_t
ipv4_at(const unsigned char *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

static enum address_class
class_of_ipv6(const unsigned char b[16])
{
	static const unsigned char zero[12], mapped[12] = {[10] = 0xff, 0xff};
	static const unsigned char nat64[12] = {0x00, 0x64, 0xff, 0x9b};

	if (memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0)
		return class_of_ipv4(ipv4_at(b + 12));
	if (memcmp(b, zero, 12) == 0)
		return ADDRESS_LOCAL;     /* ::, ::1, the old compatible ones */
	if (b[0] == 0x20 && b[1] == 0x02) /* 6to4 */
		return class_of_ipv4(ipv4_at(b + 2));
	if ((b[0] & 0xfe) == 0xfc)
		return ADDRESS_PRIVATE;
	if ((b[0] & 0xe0) != 0x20)
		return ADDRESS_LOCAL; /* only 2000::/3 is global */
	return ADDRESS_PUBLIC;
}

enum address_class
address_class(const struct sockaddr *a)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (a->sa_family == AF_INET) {
		memcpy(&in, a, sizeof(in));
		return class_of_ipv4(ntohl(in.sin_addr.s_addr));
	}
	if (a->sa_family == AF_INET6) {
		memcpy(&in6, a, sizeof(in6));
		return class_of_ipv6(in6.sin6_addr.s6_addr);
	}
	return ADDRESS_LOCAL;
}

bool
address_resource(const struct sockaddr *a, char out[64])
{
	char text[INET6_ADDRSTRLEN];
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (a->sa_family == AF_INET) {
		memcpy(&in, a, sizeof(in));
		(void)inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
		(void)snprintf(out, 64, "%s:%u", text, ntohs(in.sin_port));
		return true;
	}
	if (a->sa_family == AF_INET6) {
		memcpy(&in6, a, sizeof(in6));
		(void)inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
		(void)snprintf(out, 64, "[%s]:%u", text, ntohs(in6.sin6_port));
		return true;
	}
	return false;
}
