/*
 * address.h: which addresses are not the public network's, so that a name
 * that somebody else controls cannot lead there.  IANA's special-purpose
 * registries (RFC 6890), and IPv6 forms that carry an IPv4 address.
 */
#ifndef SANDBOX_ADDRESS_H
#define SANDBOX_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum address_class {
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE,	/* of an organisation's own network */
	ADDRESS_LOCAL		/* this machine, this link, or nobody's */
};

enum address_class address_class(const struct sockaddr *);

/* "host:port" as grants write it; false for families but INET and INET6. */
bool address_resource(const struct sockaddr *, char out[64]);

#endif
