/*
 * oci.h: bundles in a registry for container images (OCI image and
 * distribution specifications 1.1).  A chain is an image, a bundle a layer, so
 * an engine that unpacks the layers in order has the newest workspace in
 * /work, and the second push sends what is new.  Its two invariants: a tag
 * never names what is not all there; a file that was pulled has its name only
 * once all of its digests, and its place in the chain, are proved.
 */
#ifndef BUNDLE_OCI_H
#define BUNDLE_OCI_H

#include "bundle/chain.h"
#include "bundle/ociref.h"

struct oci_options {
	bool plain;	/* http, whatever the host */
	/* push: signs what is folded; pull: must have signed all.  NULL: not */
	const struct sign_secret *secret;
	const struct sign_public *key;
	/* Told what is being done ("checking", …), of bytes of it, which may
	 * be taken back by negative ones, and of `total`.  May be NULL. */
	void (*progress)(void *arg, const char *what, int64_t bytes,
	    int64_t total);
	void *arg;
	int64_t total;	/* not the caller's */
	int64_t max_bytes;	/* pull: that a bundle may expand to; 0: as
				 * reader.h says */
};

struct oci_pushed {
	struct digest digest;	/* of the image's manifest */
	size_t layers, sent;
	int64_t bytes;		/* sent, of layers */
};

/*
 * Push a chain that was opened with its history, under the tag.  Status 65 (a
 * bundle is damaged, or cannot be a layer; the registry talks nonsense), 66
 * (it has no such repository), 69, 77.
 */
int oci_push(struct chain *, const struct oci_ref *,
    const struct oci_options *, struct oci_pushed *out, struct err *);

struct oci_pulled {
	int64_t seq, size;
	struct digest bundle;
	char name[40];		/* of the file */
	bool fetched;		/* it was not there */
};

/*
 * Pull the bundles of an image into the folder `dir`, oldest first, each as
 * SEQ.tar.zst; `each` is told of them.  What is there already is not fetched
 * again.  On status 65 and 79 what was fetched is removed; otherwise it stays
 * for the next time.  Status 66, 69, 73 (another file has the name), 75
 * (another pull is at work in the folder), 77.
 */
int oci_pull(const struct oci_ref *, int dir, const struct oci_options *,
    void (*each)(void *arg, const struct oci_pulled *), void *arg,
    struct err *);

#endif
