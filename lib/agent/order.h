/*
 * order.h: what people commit to an agent (a grant, an answer), whether or
 * not it runs.  Who wants to commit tries the agent's lock; who does not get
 * it puts the command, a signed file, into the agent's mailbox, where the
 * lock's holder finds it before its next decision.  Both go the same way: a
 * verb checks the command and stages its records, and a record `command`
 * follows that holds the signed text and how it ended.
 *
 * A command is two parts: one line of JSON
 *
 *   {"agent":"ID","verb":"…","nonce":"<32 hex>","expires":"…",…}
 *
 * and a signature over it, newline included, as a file of signify(1).  In the
 * mailbox it is a file `command.NONCE` that holds both.
 *
 * Invariant: a command takes effect at most once, on the agent and before the
 * time that it names, and only when a key that counts has signed it.
 */
#ifndef AGENT_ORDER_H
#define AGENT_ORDER_H

#include "agent/session.h"

#define ORDER_MAX    ((size_t)256 << 10)		/* bytes of a file */
#define ORDER_EXPIRY (30 * 86400 * CLOCK_SECOND)	/* at most ahead */

/* A signed command, taken apart. */
struct order {
	struct json *body;	/* all members */
	const char *agent, *verb, *nonce;	/* borrowed from it */
	int64_t expires;
	struct buf text;	/* the signed line, with its newline */
	char *sig;		/* base64, the second line of a signify file */
	char key[2 * SIGN_KEYNUM + 1];	/* number of the key that signed */
	bool human;		/* it is one of ROOT/trusted */
};

/* How a verb becomes records. */
struct order_verb {
	const char *name;
	/* It may widen authority: with ROOT/trusted, only a command signed by
	 * one of these keys counts. */
	bool widens;
	/* Check, then stage, all or nothing.  A status of 1, 64 to 66, 73, 75,
	 * 77, 78 or 79 is the command's answer, recorded and told to who sent
	 * it; any other failure is the holder's own. */
	int (*apply)(struct session *, const struct order *, struct err *);
	/* It needs the workspace to itself: while a call is in flight it waits
	 * in the mailbox. */
	bool quiet;
	/* It needs no conversation, which may be long to read. */
	bool brief;
};

/* Make a command: `members` is the JSON text of an object whose members go
 * with it.  `key` NULL: the root's.  It expires `lasts` ns from now. */
int order_make(const struct root *, const char *agent, const char *verb,
    struct slice members, int64_t lasts, const struct sign_secret *key,
    struct order *out, struct err *);
/* Read the two parts of a command (outside bytes), without checking the
 * signature.  Status 65. */
int order_parse(const char *, size_t, struct order *out, struct err *);
/* Both parts, as in the mailbox. */
void order_print(const struct order *, struct buf *out);
void order_free(struct order *);
#define CLEANUP_ORDER CLEANUP(order_free)

/* Who signed it?  Fills `human`.  Status 77 when no key that counts did. */
int order_check(const struct root *, struct order *, struct err *);

/*
 * Commit a command: durable, and recorded with status 0, when it returns 0.
 * Until `deadline` (clock_mono) for the holder of the lock to take it; then
 * status 75, and it is certain that it will not take effect, unless the
 * message says that the holder has it.  Other statuses are the verb's.
 */
int order_commit(struct root *, struct order *, int64_t deadline,
    struct err *);

/*
 * Take the commands in the agent's mailbox: for the lock's holder, before
 * every decision.  Stages their records and commits.  A file that is no
 * command of ours is moved to mail/bad and noted; it never blocks.
 */
int order_drain(struct session *, struct err *);
/* After the lock was given up: what came meanwhile, if the lock is free. */
void order_sweep(struct root *, const char *agent);

/*
 * The commands of a whole history, for each of its records in turn, blobs in
 * place: signed by a key that is here, and what was signed.  Status 65.  {root}
 * is one to begin with; those before an import are signed elsewhere.
 */
struct order_audit {
	const struct root *root;
	char *nonce, *line;	/* of the last grant that came by a command */
	int64_t foreign;	/* seq of one whose key is not here; 0: none */
};
int order_audit(struct order_audit *, const struct record *, struct err *);
int order_audit_end(const struct order_audit *, struct err *);
void order_audit_free(struct order_audit *);
/* Is the key that is said to have signed it here? */
int order_known(const struct root *, const struct order *, bool *known,
    struct err *);

/* All verbs; the last has no name (orders.c). */
extern const struct order_verb order_verbs[];

#endif
