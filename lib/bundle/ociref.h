/*
 * ociref.h: names in a registry, oci://HOST[:PORT]/NAME:TAG or …/NAME@DIGEST,
 * and how a registry asks who we are.  By their text alone.
 */
#ifndef BUNDLE_OCIREF_H
#define BUNDLE_OCIREF_H

#include "base/digest.h"
#include "base/err.h"

#define OCI_SCHEME "oci://"
#define OCI_DIGEST (sizeof("sha256:") + DIGEST_HEX) /* with its NUL */

struct oci_ref {
	char host[272];		/* lower case, with the port if one is given */
	char name[256];
	char tag[129];		/* "": it is named by its digest */
	struct digest digest;
	bool loopback;		/* the host is this machine */
};

/* OCI distribution specification 1.1, "Pulling manifests".  Status 64. */
int oci_ref_parse(const char *text, struct oci_ref *out, struct err *);

/* "sha256:HEX", and back: 0 or -1. */
void oci_digest_text(const struct digest *, char out[OCI_DIGEST]);
int oci_digest_parse(const char *, struct digest *out);

/* The one that we can meet of those that WWW-Authenticate lists (RFC 9110,
 * section 11.6.1; RFC 6750, section 3): bearer before basic.  What is longer
 * than its room, or no challenge, is as if it was not there. */
struct oci_challenge {
	enum { OCI_NONE, OCI_BASIC, OCI_BEARER } scheme;
	char realm[1024], service[256], scope[512];
};
void oci_challenge_parse(const char *, size_t, struct oci_challenge *out);

#endif
