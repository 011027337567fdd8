/*
 * redact.h: take what was said out of a history.  The chain names a body by
 * its digest, so the body goes and the chain holds.
 *
 * What people want gone is written down, durably, in ID/redact/NONCE, for the
 * next who opens the agent to write: perhaps at once.  That one notes in the
 * journal what it is about to do, with what is left of each body; seals it;
 * then writes the journal anew and removes what was derived from it.  Each
 * step may be done again, so a crash anywhere is finished by the next opening.
 *
 * Invariant: once ID/redact/NONCE is durable, nobody opens this history again
 * to write on it before the bodies are gone.
 */
#ifndef AGENT_REDACT_H
#define AGENT_REDACT_H

#include "agent/session.h"

#define REDACT_DIR  "redact"
#define REDACT_LIST "redacted"	/* the note's member: [{"seq","body"}…] */
#define REDACT_TEXT "[redacted]"
#define REDACT_MOST ((size_t)100000) /* records at once */

struct redaction {
	const char *nonce;	/* RAND_TEXT */
	const char *why, *by;
	const int64_t *seqs;
	size_t count;
};

/* Does a record of this type say anything that may go?  Others hold authority,
 * or name what the rest stands on. */
bool redact_takes(enum record_type);
/* What is left of a body; it has passed json_check. */
void redact_skeleton(enum record_type, struct slice body, struct buf *out);

/* Write down that these are to go from the agent's history.  Status 73, 78. */
int redact_want(struct root *, const char *agent, const struct redaction *,
    struct err *);

/* For session_write: do what is written down.  With `*done` the session is of
 * no use any more: it is to be opened anew. */
int redact_finish(struct session *, bool *done, struct err *);

/* redactfile.c: write the journals of this history anew without these bodies
 * (sorted seqs). */
int redact_journals(struct session *, const int64_t *seqs, size_t count,
    struct err *);
/* redactblob.c: remove the blobs that no journal of the root names any more. */
struct redact_blobs {
	char (*hex)[DIGEST_HEX + 1];
	size_t count, cap;
};
void redact_blobs_add(struct redact_blobs *, struct slice body);
/* One by its name; what is none is passed over. */
void redact_blobs_name(struct redact_blobs *, const char *hex);
int redact_blobs_remove(
    const struct root *, struct redact_blobs *, struct err *);

/* An agent whose history has some of the records. */
struct redact_target {
	char id[ULID_TEXT];
	int64_t *seqs;		/* owned */
	size_t count;
};
/*
 * Those that were forked from the agent or that it was forked from, each with
 * those records that it has, and the agent itself last: what is wanted of it
 * is wanted of all the others by then, so that asking again after a crash
 * reaches them.  The caller frees all.
 */
int redact_reach(struct root *, const char *agent, const int64_t *seqs,
    size_t count, struct redact_target **out, size_t *n, struct err *);

#endif
