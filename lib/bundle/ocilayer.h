/*
 * ocilayer.h: what of a chain becomes a layer.  Each bundle does, as it is; a
 * chain that is too long is folded at its old end; and where a bundle does not
 * say all that the ones below it must no longer show, a small layer of
 * removals comes before it:
 *
 * - a full bundle lists what there is, not what is gone: `.wh.work`;
 * - of fifos, sockets, devices and mounts a bundle has no member.
 *
 * The same chain gives the same layers.
 */
#ifndef BUNDLE_OCILAYER_H
#define BUNDLE_OCILAYER_H

#include "bundle/chain.h"
#include "bundle/oci.h"
#include "bundle/ocidoc.h"

struct oci_layers {
	struct oci_image image;
	/* Where the bytes of each are, from 0 to `size`: */
	int *fd;		/* borrowed, or one of `own` */
	int *own;		/* -1, or owned */
	size_t room;
};

/* Read and prove the whole chain, which was opened with its history.  Status
 * 65 also when a file's name would be taken for a removal. */
int oci_layers_make(struct chain *, const struct oci_options *,
    struct oci_layers *out, struct err *);
void oci_layers_free(struct oci_layers *);

/* The SHA-256 of the first `size` bytes. */
int oci_sum(int fd, int64_t size, const struct oci_options *,
    struct digest *out, struct err *);

#endif
