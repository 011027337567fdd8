/*
 * ociupload.h: one blob into a registry.  Its one invariant: it is there, with
 * this digest, or the caller is told that it is not; the registry compares.
 */
#ifndef BUNDLE_OCIUPLOAD_H
#define BUNDLE_OCIUPLOAD_H

#include "bundle/oci.h"
#include "bundle/ociregistry.h"

struct oci_blob {
	struct digest digest;
	int64_t size;
	int fd;			/* read from its start; -1: `text` */
	struct slice text;
};

/* Send it unless it is there; `*sent` tells. */
int oci_upload(struct oci_registry *, const struct oci_blob *,
    const struct oci_options *, bool *sent, struct err *);

#endif
