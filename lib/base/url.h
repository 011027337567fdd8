/*
 * url.h: the URLs that are fetched for others (for a tool, or where a registry
 * sends us), by their text alone (RFC 3986, http and https only): no user
 * information, no fragment sent, no control characters, spaces or backslashes,
 * which clients read in different ways.
 */
#ifndef BASE_URL_H
#define BASE_URL_H

#include <stdbool.h>

#include "base/err.h"

struct url {
	char host[256];		/* lower case; an IPv6 address in brackets */
	unsigned port;
	bool tls;		/* https */
	char *text;		/* the whole, without its fragment; owned */
};

/* Status 65, in words for whoever gave it. */
int url_parse(const char *text, struct url *out, struct err *);
void url_free(struct url *);

/* "host:port", for grants. */
char *url_resource(const struct url *);

/* A redirect's target, absolute or relative to `base`. */
int url_follow(const struct url *base, const char *location, struct url *out,
    struct err *);

#endif
