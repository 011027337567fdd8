/*
 * lineage.h: an agent's whole history: the records of its ancestors, each up
 * to where the next one was forked from it, and then its own.
 *
 *   ID/from/1.jsonl   hard link to the journal of the oldest ancestor
 *   ID/from/1.json    to its agent.json, which the chain begins with
 *   ID/from/2.jsonl …
 *
 * The chain is one: the first record of an agent that was forked follows the
 * record that it was forked from, which its agent.json names, and holds the
 * digest of that file.  An agent that was not forked has the one journal.
 */
#ifndef AGENT_LINEAGE_H
#define AGENT_LINEAGE_H

#include "agent/info.h"
#include "journal/reader.h"

#define FROM_DIR "from"

struct lineage_level {
	struct digest info;	/* of its agent.json */
	int64_t before;		/* seq of the record before its first */
	int64_t last;		/* seq of the last one of it that counts;
				   the agent's own: all do */
	struct digest head;	/* of that record */
};

struct lineage {
	int dir;			/* the agent's folder; borrowed */
	struct lineage_level *level;	/* the oldest first, its own last */
	size_t count;
};

/* `dir` is an agent's folder, `own` what its agent.json says (NULL: it is
 * read).  Status 65 when what the ancestors' say does not fit together. */
int lineage_open(int dir, const struct info *own, struct lineage *out,
    struct err *);
void lineage_close(struct lineage *);
#define CLEANUP_LINEAGE CLEANUP(lineage_close)
/* Open one of the journals to read. */
int lineage_journal(const struct lineage *, size_t level, int *fd,
    struct err *);
/* The level that the place behind record `seq` is in: of a record that was
 * forked from, the one that it stands in. */
size_t lineage_level(const struct lineage *, int64_t seq);

/* Iterates over all of it as a reader does over one journal; `reader.mark` is
 * a place in the journal of the level `at`. */
struct lineage_reader {
	const struct lineage *lineage;	/* borrowed */
	size_t at;
	int fd;				/* -1: not open yet */
	struct reader reader;
};

/* Start at the first record, or at a place (`from` not NULL) that a reader
 * of this lineage, or of an ancestor's, has been at. */
void lineage_reader_init(struct lineage_reader *, const struct lineage *,
    const struct journal_mark *from);
void lineage_reader_free(struct lineage_reader *);
#define CLEANUP_LINEAGE_READER CLEANUP(lineage_reader_free)

/* As reader_next, with which it shares its meaning; status 65 also where one
 * journal does not go on from another. */
int lineage_next(struct lineage_reader *, struct record *out, struct err *);

#endif
