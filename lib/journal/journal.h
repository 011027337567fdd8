/*
 * journal.h: append to a journal.  Its one invariant: what journal_commit
 * returned 0 for is on the disk, whole.  A group is one write and one
 * fdatasync; after a failed one nothing more may be written (the program
 * ends), and the next holder of the lock cuts off what was left.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "base/sign.h"
#include "journal/reader.h"

#define JOURNAL_FILE "journal.jsonl"

struct journal_staged {
	struct record rec; /* seq, time, type, body */
	size_t body_at, body_len;
};

struct journal {
	int fd;                        /* O_APPEND; owned */
	struct journal_mark mark;      /* behind the last durable record */
	struct journal_staged *staged; /* the group being made */
	size_t count, cap;
	struct buf bodies; /* theirs */
	int64_t cut_bytes; /* what opening cut off; 0: nothing */
	struct digest cut; /* its SHA-256 */
	bool broken;       /* a write or sync failed */
	/* Told of each record once it is durable; may be NULL. */
	void (*on_commit)(void *arg, const struct record *);
	void *arg;
	/* Asked before a group is written, and again before it is taken for
	 * durable: -1 when another writes now.  May be NULL. */
	int (*guard)(void *arg, struct err *);
	void *guard_arg;
};

/*
 * Open the journal in the folder `dir`, whose lock the caller holds, to append
 * behind `end` (a mark that a reader gave after its last record).  A torn tail
 * behind it is cut off and synced; `cut_bytes` tells how much.
 */
int journal_open(
    int dir, const struct journal_mark *end, struct journal *out, struct err *);
/* The same of a file opened with O_APPEND; on success it is the journal's. */
int journal_open_file(int *fd, const struct journal_mark *end,
    struct journal *out, struct err *);
/* Make an empty journal that follows an agent.json with this digest. */
int journal_create(int dir, const struct digest *agent_json,
    struct journal *out, struct err *);
void journal_close(struct journal *);

/*
 * Add a record to the group: `body` is the text of a JSON object, to which a
 * random salt is added.  `out` gets seq, time, type and the body as it will
 * stand (valid until the next call); digests are made at the commit.
 */
void journal_stage(
    struct journal *, enum record_type, struct slice body, struct record *out);
/* The seq that the next staged record gets. */
int64_t journal_next(const struct journal *);
/* The time that it gets: the later of the clock and the last record's. */
int64_t journal_now(const struct journal *);

/* Make the group durable; without staged records it does nothing. */
int journal_commit(struct journal *, struct err *);

/*
 * Commit with a seal: an Ed25519 signature over the digest of the last record
 * before it, as text "agentutils seal HEX\n".
 */
int journal_seal(struct journal *, const struct sign_secret *, struct err *);
/* Check a seal's body against the digest before it: 0, or -1 status 65. */
int journal_check_seal(
    const struct record *seal, const struct sign_public *, struct err *);
/* Does the seal name another key than this one? */
bool journal_foreign_seal(const struct record *, const struct sign_public *);

#endif
