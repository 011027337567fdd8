/*
 * authority.h: what changes an agent's authority after its birth.  Grants
 * come as commands; a revocation is committed in ROOT/revoked, and the
 * agent's journal follows: before a decision, the holder of its lock records
 * what was revoked since the last one.
 *
 * ROOT/revoked is signed by nobody, so it takes away only: an allow, or what
 * was delegated.  To take back a denial or an ask widens, and is a command.
 *
 * Invariant: a decision that is made after a revocation was committed does
 * not rest on what was revoked, nor on anything that was delegated from it.
 */
#ifndef AGENT_AUTHORITY_H
#define AGENT_AUTHORITY_H

#include "agent/order.h"

/* The revocation that this grant of the session's agent died of, its own or
 * of one that it was delegated from; or NULL. */
const struct revocation *authority_revoked(const struct session *,
    const struct grant *);

/* For the lock's holder, before every decision: stage a `revoke` record for
 * each grant that was revoked since.  The count; -1, status 65 when
 * ROOT/revoked is damaged: nothing may be done then. */
int authority_sync(struct session *, struct err *);
/* For readers: the same in memory only. */
int authority_look(struct session *, struct err *);

/* The id of the grant that a command gives: "g" and eight characters of its
 * nonce. */
#define AUTHORITY_ID 10
void authority_id(const struct order *, char out[AUTHORITY_ID]);

/*
 * The verbs.  `give`: {"line","parents"}.  `hand_on`: {"grant","to","line"}
 * takes from a grant what another agent gets of it.  `lift`: {"grant",
 * "because"} takes back a denial or an ask.
 */
int authority_give(struct session *, const struct order *, struct err *);
int authority_hand_on(struct session *, const struct order *, struct err *);
int authority_lift(struct session *, const struct order *, struct err *);

/*
 * May this session's agent give this line on?  The line is parsed, and made
 * absolute: what is relative is in its workspace.  Finds the grant that it
 * narrows, in every layer, and refuses what a denial or question of any layer
 * overlaps.  Status 77, 78.
 */
int authority_delegable(const struct session *, const char *line, int64_t now,
    struct grant *out, const struct grant **parent, struct err *);

#endif
