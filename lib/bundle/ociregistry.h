/*
 * ociregistry.h: requests to one registry (OCI distribution specification
 * 1.1).  Its one invariant: what says who we are goes to the registry's own
 * host and port, and, to get a token, to the realm that it names, which must
 * be https unless the registry is plain, too.
 */
#ifndef BUNDLE_OCIREGISTRY_H
#define BUNDLE_OCIREGISTRY_H

#include "base/http.h"
#include "base/url.h"
#include "bundle/content.h"
#include "bundle/ociauth.h"

struct oci_registry {
	struct oci_ref ref;
	struct http *http;
	struct url at;		/* its root, as "https://HOST" */
	bool plain;		/* http was asked for, whatever the host */
	struct oci_login login;
	char *authorization;	/* the header that worked last; owned */
};

/* https, unless the host is this machine (whose addresses must then be its
 * own) or `plain`.  Status 78: the auth file. */
int oci_open(const struct oci_ref *, bool plain, struct oci_registry *out,
    struct err *);
void oci_close(struct oci_registry *);

/* One request. */
struct oci_call {
	enum http_method method;
	const char *url;	/* absolute */
	const char *headers[4];	/* up to the first NULL */
	struct slice body;
	const struct http_file *file;
	void *arg;		/* of file->sent */
	/* Where the body of a 2xx goes; NULL: into the reply. */
	const struct sink *to;
	int64_t max;		/* of it; 0: OCI_REPLY_MAX */
};
#define OCI_REPLY_MAX ((int64_t)4 << 20)

struct oci_reply {
	struct http_result result;
	struct buf body;
};
void oci_reply_free(struct oci_reply *);

/*
 * Send it, meeting a challenge when one comes.  0 with whatever came, a broken
 * connection included; -1: refused by the sink, longer than `max` (65), no
 * credentials that are taken (77), no libcurl (69).
 */
int oci_send(struct oci_registry *, const struct oci_call *,
    struct oci_reply *out, struct err *);
/* The same, tried again while the registry is not there or overloaded. */
int oci_send_again(struct oci_registry *, const struct oci_call *,
    struct oci_reply *out, struct err *);

/* Is it worth another try?  Then wait a little; false when `*tries`, which is
 * counted up, are enough. */
bool oci_is_broken(const struct oci_reply *);
bool oci_wait(int *tries);

/* Fill `e` from a reply that is not what was hoped for.  Returns -1. */
int oci_refused(const struct oci_registry *, const struct oci_reply *,
    const char *doing, struct err *);

/* "ORIGIN/v2/NAME/…"; the caller frees it. */
char *oci_url(const struct oci_registry *, const char *fmt, ...) PRINTF(2, 3);
/* Where an upload goes on: Location, which must lead to the registry. */
int oci_location(const struct oci_registry *, const char *base,
    const struct oci_reply *, char **out, struct err *);
bool oci_same_origin(const struct url *, const struct url *);

/* Get a token, ocitoken.c: fills in `authorization`.  Status 65, 69, 77. */
int oci_token(struct oci_registry *, const struct oci_challenge *,
    struct err *);
/* One request without any of this, for it: `authorization` may be NULL. */
int oci_bare(struct oci_registry *, const struct oci_call *,
    const char *authorization, struct oci_reply *out, struct err *);

#endif
