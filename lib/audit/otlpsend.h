/*
 * otlpsend.h: requests to a collector, OTLP/HTTP: POST, JSON.  Sent again only
 * where the protocol allows it: 429, 502, 503, 504, and when no reply came.
 */
#ifndef AUDIT_OTLPSEND_H
#define AUDIT_OTLPSEND_H

#include "base/http.h"

struct otlp_target {
	struct http *http;
	const char *url;		/* …/v1/traces */
	const char *const *headers;	/* NULL at the end */
	int64_t timeout;		/* of one attempt, ns */
	int64_t wait;			/* before the second attempt, ns; doubled
					   then, but for what a reply names */
	unsigned attempts;
	int stop_fd;			/* readable: stop; -1 */
};

/* What a collector did not take of a request that it accepted. */
struct otlp_partial {
	int64_t rejected;	/* spans; added up */
	char message[256];	/* the last one; "" */
};

/* Status 69: refused, or not to be reached; 130 stopped. */
int otlp_send(const struct otlp_target *, struct slice request,
    struct otlp_partial *, struct err *);

#endif
