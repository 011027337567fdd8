/*
 * ocidoc.h: the two documents of an image of bundles (OCI image specification
 * 1.1): its manifest and its configuration.  Its one invariant: what parses is
 * an image of bundles, with a digest and a bounded size for each layer.
 */
#ifndef BUNDLE_OCIDOC_H
#define BUNDLE_OCIDOC_H

#include "bundle/ociref.h"

#define OCI_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_TYPE_CONFIG   "application/vnd.oci.image.config.v1+json"
#define OCI_TYPE_LAYER    "application/vnd.oci.image.layer.v1.tar+zstd"

/* What registries take, and more than OCI_LAYERS come to. */
#define OCI_DOC_MAX ((size_t)4 << 20)
/* Engines mount no more than about 125. */
#define OCI_LAYERS  ((size_t)64)
/* Of a layer, compressed. */
#define OCI_BLOB_MAX ((int64_t)1 << 40)

struct oci_layer {
	struct digest digest, plain;	/* of the file; of its tar */
	int64_t size;			/* of the file */
	int64_t seq;
	bool cover;	/* no bundle: removals before bundle `seq` */
	struct digest bundle;		/* its id, unless it is a cover */
};

struct oci_image {
	struct oci_layer *layer;	/* owned; oldest first */
	size_t count;
	struct digest config;		/* of its text */
	int64_t config_size;
	/* Of the newest bundle, for people and tools: */
	const char *agent;		/* borrowed; not parsed */
	int64_t time;
};

void oci_image_free(struct oci_image *);

void oci_config_write(const struct oci_image *, struct buf *out);
void oci_manifest_write(const struct oci_image *, struct buf *out);

/* Status 65.  The second takes what the first made, and fills in `plain`. */
int oci_manifest_parse(const char *, size_t, struct oci_image *out,
    struct err *);
int oci_config_parse(const char *, size_t, struct oci_image *,
    struct err *);

#endif
