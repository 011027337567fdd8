/*
 * revoked.h: ROOT/revoked, the commit point of every revocation: one line
 * each, append-only under a lock of its own, so that it works at once,
 * whoever holds an agent's journal.
 *
 *   {"agent":"…","grant":"…","time":"…","by":"…","because":"…","sum":"<hex>"}
 *
 * `sum` is the SHA-256 of the sum before (nothing for the first line) and of
 * the line up to, not including, `,"sum":`.  A line that was cut at the end
 * was never committed: readers pass over it, the next writer cuts it off.
 * Anything else that does not add up is damage, and then nothing is known of
 * what was revoked: status 65, and everything is to be denied.
 */
#ifndef AGENT_REVOKED_H
#define AGENT_REVOKED_H

#include <sys/stat.h>

#include "agent/root.h"

#define REVOKED_FILE "revoked"

struct revocation {
	char *key;	/* "AGENT/GRANT" */
	char *by, *because;	/* because: or NULL */
	int64_t time;
};

/* What was read of the file, kept until it changes.  {0} is one to begin
 * with. */
struct revoked {
	struct revocation *items;	/* sorted by key */
	size_t count, cap;
	struct stat seen;		/* of the file; st_ino 0: none yet */
	char sum[DIGEST_HEX + 1];	/* of the last line */
	size_t good;			/* bytes of whole lines */
};

/* Read the file if it is another than when it was read last: 1 it was, 0 it
 * was not.  A root without one has no revocations.  Status 65. */
int revoked_read(const struct root *, struct revoked *, struct err *);
void revoked_free(struct revoked *);
/* The revocation of this grant itself, or NULL. */
const struct revocation *revoked_find(const struct revoked *, const char *agent,
    const char *grant);
const struct revocation *revoked_key(const struct revoked *, const char *key);

/* Revoke: durable when it returns 0, also when it was revoked before.
 * `because` may be NULL.  Status 65, 74, 75 the lock is not to be had. */
int revoked_add(const struct root *, const char *agent, const char *grant,
    const char *by, const char *because, struct err *);

/* The lines of a whole file, for revoked_read and its fuzzer: fills an empty
 * `out`.  Status 65. */
int revoked_parse(const char *text, size_t len, struct revoked *out,
    struct err *);

#endif
