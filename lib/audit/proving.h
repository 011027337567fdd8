/*
 * proving.h: what the parts of a proof share: prove.c (the walk, and each
 * record), provebundle.c (bundles).
 */
#ifndef AUDIT_PROVING_H
#define AUDIT_PROVING_H

#include "agent/order.h"
#include "audit/prove.h"
#include "base/json.h"

/* So many digests are at hand for a ckpt record, which comes soon after the
 * record that its bundle ends with. */
#define PROVE_RECENT 1024

struct prove_ckpt {
	int64_t seq, covers;
	struct digest bundle, head;
};

struct proving {
	struct source *source;
	const struct prove_options *opt;
	struct prove_result *result;
	struct verify_options each;
	struct sign_public key;		/* the root's */
	struct order_audit orders;
	struct digest tools;		/* the last blob of tools that was good */
	bool has_tools;

	struct digest recent[PROVE_RECENT]; /* by seq */
	struct prove_ckpt *ckpt;
	size_t ckpt_count, ckpt_cap;

	struct digest *held;		/* of the records in `against` */
	int64_t held_from;		/* the first one's number */
	size_t held_count, held_cap;
};

/* Read what the bundle holds that the history is held against. */
int prove_against_load(struct proving *, struct err *);
/* Is this record one that it holds, or none of those? */
int prove_against(const struct proving *, const struct record *,
    struct err *);
/* The last record was `seq`: were they all there? */
int prove_against_end(const struct proving *, int64_t seq, struct err *);

/* A ckpt record: remember what it says of its bundle. */
int prove_ckpt(struct proving *, const struct record *, struct err *);
/* Hold the bundles that are there against that. */
int prove_ckpts(struct proving *, struct err *);
/* The bundles of a source that is made of them, to the last byte. */
int prove_layers(struct proving *, struct err *);

#endif
