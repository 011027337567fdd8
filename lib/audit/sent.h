/*
 * sent.h: the request that a model call sent, made again from the records
 * before it.
 */
#ifndef AUDIT_SENT_H
#define AUDIT_SENT_H

#include "audit/source.h"

/*
 * The request of the model.call `rec`, before which the state was `s`; proved
 * against the digest that was recorded.  Status 65 when it is no model call,
 * of another form, or the digests differ.
 */
int sent_rebuild(struct source *, const struct state *s,
    const struct record *rec, struct buf *out, struct err *);

/* The same by its number.  Status 66 when there is no such record. */
int sent_request(struct source *, int64_t seq, struct buf *out,
    struct err *);

#endif
