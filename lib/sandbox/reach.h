/*
 * reach.h: may something of this agent connect there?  By host and port, from
 * text alone, before anything is resolved; then, for each address that the
 * name turned out to have, once more.
 *
 * A name that is granted may lead into a private network only when the grant
 * names it exactly; to this machine or this link only when the name is
 * "localhost" or the address itself is granted.  A deny of the address holds
 * whatever the name.
 */
#ifndef SANDBOX_REACH_H
#define SANDBOX_REACH_H

#include "base/secret.h"
#include "grant/grant.h"
#include "sandbox/address.h"

#define REACH_NO_SECRET \
	"its grants want a secret that is not there, or not all the same"

struct reach {
	const struct policy *policy;
	const char *workspace;	/* absolute */
	const char *tool;	/* whose sandbox, for `via`; or NULL */
	int64_t now;		/* effective real time */
	unsigned labels;	/* of who connects */
};

/* Decide "host:port". */
void reach_host(const struct reach *, const char *resource,
    struct decision *out);
/* Decide an address of `host`, which `granted` allowed; `text` gets the
 * address as grants write it. */
bool reach_address(const struct reach *, const struct decision *granted,
    const char *host, const struct sockaddr *, char text[64]);
/* The secret that a connection `granted` goes with: the one that the grant of
 * every layer names, or NULL when none names any.  False when they do not name
 * the same, or it is not there, or no header can carry it. */
bool reach_secret(const struct decision *granted, const struct secrets *,
    const struct secret **out);

#endif
