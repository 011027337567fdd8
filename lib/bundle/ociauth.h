/*
 * ociauth.h: who we are to a registry: a name and a password from the
 * environment or an auth file.  Never logged, never part of a message, wiped
 * when they are freed.
 */
#ifndef BUNDLE_OCIAUTH_H
#define BUNDLE_OCIAUTH_H

#include "bundle/ociref.h"

struct oci_login {
	char *basic;	/* base64 of "NAME:PASSWORD"; owned; NULL: none */
};

/*
 * $AGENT_REGISTRY_USER and $AGENT_REGISTRY_PASSWORD; else what the file
 * $REGISTRY_AUTH_FILE, or ~/.docker/config.json, holds for this repository or
 * one of the folders above it, or the host (containers-auth.json(5)).  Status
 * 78: the file is not readable, or nonsense.
 */
int oci_login_find(const struct oci_ref *, struct oci_login *out,
    struct err *);
void oci_login_free(struct oci_login *);

/* The same from the file's text.  Status 65. */
int oci_login_parse(const char *, size_t, const struct oci_ref *,
    struct oci_login *out, struct err *);

#endif
