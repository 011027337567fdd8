/*
 * lease.h: who may write to an agent of a root that several hosts share.
 *
 * Locks of fcntl(2) do not hold there: one whose host was cut off may be lost
 * unnoticed, or never be given up.  So a root with the file ROOT/shared has
 * leases instead: ID/lease.N, the highest N being the holder's, which renews
 * it by its modification time.  Who finds it older than ROOT/shared allows (or
 * empty: given up; or its process dead) links lease.N+1, takes those below it
 * away, and only then reads the journal.  Unless the old one was given up, what
 * was read is copied and the copy renamed over the journal: what an old holder
 * may still write goes where nobody reads.
 *
 * Invariant: a group that a holder took for durable is in every later holder's
 * journal.  For that it looks at its own lease before a group and again once
 * that is synced: while the lease is there, nobody has read the journal to
 * take it over.  And nobody writes or renames by a name that a later holder
 * could have made: the journal, and the file to copy it to, are opened before
 * the lease is linked, and a later holder takes that file away.
 *
 * Ages are differences of times that the file system gave, so that the hosts'
 * clocks need not agree.
 */
#ifndef AGENT_LEASE_H
#define AGENT_LEASE_H

#include "agent/root.h"
#include "journal/journal.h"

#define LEASE_LENGTH (60 * CLOCK_SECOND) /* of an empty ROOT/shared */
#define LEASE_LEAST  CLOCK_SECOND

struct lease;

/* How long leases of this root last; 0: it is not shared.  Status 78: what
 * its file says is no duration. */
int lease_length(int root, int64_t *length, struct err *);

/*
 * Take the lease of the agent whose folder is `dir`, and renew it from a
 * thread until it is released.  Status 75 another has it, with who.
 */
int lease_take(int dir, int64_t length, struct lease **out, struct err *);
/* journal_open under a lease; without one (NULL) it is that. */
int lease_open_journal(struct lease *, int dir, const struct journal_mark *,
    struct journal *out, struct err *);
/* Give it up; NULL is nothing. */
void lease_release(struct lease *);
/* Is it still ours?  Status 75: another took over.  For journal.guard. */
int lease_check(void *lease, struct err *);
/* Is it known that it is not?  Cheap; NULL is not. */
bool lease_lost(const struct lease *);

/* Does somebody hold the agent, by its lock, or on a shared root its lease? */
bool lease_held(const struct root *, int dir);

#endif
