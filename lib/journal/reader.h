/*
 * reader.h: iterate a journal while somebody may be writing it, without a
 * lock and without loading it.  Only records of complete groups are given;
 * every one has been checked: its form, its body's digest, its number and the
 * chain.  An unfinished group at the end is no error (a writer is at work, or
 * died): it is left out and its place can be asked for.
 */
#ifndef JOURNAL_READER_H
#define JOURNAL_READER_H

#include "journal/record.h"

/* A place between two groups: what a later reader may start from. */
struct journal_mark {
	int64_t seq;        /* of the last record before it; 0: none */
	int64_t offset;     /* in the file */
	int64_t time;       /* of that record */
	struct digest head; /* its digest; of agent.json when seq is 0 */
};

/* A checked record of a complete group; its slices are set when it is given. */
struct reader_found {
	struct record rec;
	size_t at; /* in the window */
};

struct reader {
	int fd;                     /* borrowed */
	struct buf window;          /* a part of the file */
	int64_t base;               /* the window's offset in the file */
	size_t at;                  /* in the window: before it all was given */
	struct reader_found *group; /* the complete group being given */
	size_t count, cap, next;
	struct journal_mark mark; /* behind the record last given */
	int64_t size;             /* of the file, when the end was met */
	bool torn;                /* bytes follow the last complete group */
	int64_t bad;              /* the record that is damaged, after -1 */
};

/* Start at `from`; the descriptor is borrowed and is read with pread(2). */
void reader_init(struct reader *, int fd, const struct journal_mark *from);
void reader_free(struct reader *);

/*
 * The next record, whose slices hold until the next call: 1; 0 at the end
 * (and again later, when more was written); -1, status 65, at damage: bad
 * bytes that a whole record follows, naming the record and the offset.
 */
int reader_next(struct reader *, struct record *out, struct err *);

#endif
