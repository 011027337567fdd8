/*
 * mailbox.h: an agent's folders mail/{tmp,new,cur,bad}, as in maildir: what is
 * in new/ is whole and on the disk.  Whoever holds the agent's lock claims a
 * file by moving it to cur/, acts on it, and removes it once its records are
 * durable; what is in cur/ after a crash is taken again.
 *
 * Invariant: nothing in these folders is believed: names and contents come
 * from outside, and reading never blocks.
 */
#ifndef AGENT_MAILBOX_H
#define AGENT_MAILBOX_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct mailbox {
	int mail, tmp, new, cur; /* folders */
};

/* Open the mailbox in an agent's folder: 1, or 0 when there is none and
 * `make` is false. */
int mailbox_open(int agent, bool make, struct mailbox *out, struct err *);
void mailbox_close(struct mailbox *);
#define CLEANUP_MAILBOX CLEANUP(mailbox_close)
#define MAILBOX_NONE    {-1, -1, -1, -1}

/* Deliver: durable in new/ when it returns 0.  Once more under the same name
 * is harmless. */
int mailbox_deliver(const struct mailbox *, const char *name, const void *,
    size_t, struct err *);
/* Take it back: true when nobody had claimed it. */
bool mailbox_withdraw(const struct mailbox *, const char *name);
/* Remove what senders left that died a day ago. */
void mailbox_sweep(const struct mailbox *);
/* How many wait in the mailbox of this agent's folder, commands left out. */
size_t mailbox_count(int agent);
/* Do so many wait in new/ already? */
bool mailbox_full(const struct mailbox *, size_t most);
/* Is it still to be acted on? */
bool mailbox_waits(const struct mailbox *, const char *name);

/* Which names, NULL: all, and in which order; NULL: of their bytes. */
struct mailbox_want {
	bool (*is)(const char *name);
	int (*compare)(const char *, const char *, const void *arg);
	const void *arg;
};

/* Such names in a folder of it, sorted, the first MAILBOX_MOST of them: what
 * is more comes the next time.  Names that begin with a dot are nobody's. */
#define MAILBOX_MOST ((size_t)1000)
struct mailbox_names {
	char **name;
	size_t count, cap;
};
int mailbox_list(int folder, const struct mailbox_want *,
    struct mailbox_names *out, struct err *);
void mailbox_names_free(struct mailbox_names *);

/* Move from new/ to cur/; false: it is gone. */
bool mailbox_claim(const struct mailbox *, const char *name);
/* Read a claimed file.  Status 65: it is no regular file of ours, or larger
 * than `max`. */
int mailbox_read(const struct mailbox *, const char *name, size_t max,
    struct buf *out, struct err *);
/* It was acted on. */
void mailbox_done(const struct mailbox *, const char *name);
/* It is of no use: away with it, to bad/ while there is room. */
void mailbox_refuse(const struct mailbox *, const char *name);

#endif
