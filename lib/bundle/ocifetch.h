/*
 * ocifetch.h: a blob out of a registry.  Its one invariant: what is there on
 * success has the digest and the size that were asked for.
 */
#ifndef BUNDLE_OCIFETCH_H
#define BUNDLE_OCIFETCH_H

#include "bundle/oci.h"
#include "bundle/ociregistry.h"

/*
 * Into `fd`, an empty file.  A broken connection is gone on with.  A registry
 * may say that it lies elsewhere: that is followed, without saying who we are,
 * and never from https to http.
 */
int oci_fetch(struct oci_registry *, const struct digest *, int64_t size,
    int fd, const struct oci_options *, struct err *);
/* The same for a document of at most OCI_DOC_MAX bytes. */
int oci_fetch_text(struct oci_registry *, const struct digest *, int64_t size,
    struct buf *out, struct err *);

#endif
