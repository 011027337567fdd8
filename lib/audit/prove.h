/*
 * prove.h: that a history is what was written: its chain and the bodies, the
 * blobs, the seals, who signed its commands, and the bundles that it names.
 *
 * What nothing follows, no chain can hold: that the newest records are gone,
 * or are others, shows only against what was known before (the state of the
 * last stop, a head, a bundle).
 */
#ifndef AUDIT_PROVE_H
#define AUDIT_PROVE_H

#include "audit/source.h"
#include "journal/verify.h"

struct prove_options {
	const struct digest *head;	/* it must hold this record; or NULL */
	struct bundle *against;		/* it must go on from what this bundle
					   holds; or NULL */
	/* Blobs, seals and commands before this record are not looked at. */
	int64_t from;
	/* Whose seals and bundles they must be; NULL: the root's for an
	 * agent, anybody's for bundles. */
	const struct sign_public *key;
};

struct prove_result {
	struct verify_result sum;	/* `found_head` also for no head */
	int64_t bundles;	/* that were there, and are what was recorded */
	int64_t pruned;		/* that are not there */
	int64_t bad;		/* when it fails: the first broken record; 0:
				   it is none of them */
};

/* 0, also when `head` is not there (found_head).  Status 65 damaged, 66 a blob
 * is missing; the result tells `bad` then, too. */
int prove(struct source *, const struct prove_options *,
    struct prove_result *, struct err *);

#endif
