/*
 * page.h: a run as one HTML file that needs nothing else and loads nothing.
 * Its one invariant: no byte of a record is markup or script.  Records stand
 * in blocks of data, with each `<` escaped, which the page's own script reads
 * and shows as text; the content security policy lets no other script run,
 * and no request leave.
 */
#ifndef AUDIT_PAGE_H
#define AUDIT_PAGE_H

#include "audit/source.h"
#include "base/jsonw.h"

#define PAGE_TEXT ((size_t)16 << 10) /* of a text, unless told otherwise */

/* An agent of the page. */
struct page_agent {
	char id[ULID_TEXT];
	char *name, *created;	/* NULL: not known */
	const char *state;	/* after its last record */
	int up, from;		/* its parent; whose records come before its
				   own; -1: none on this page */
	int64_t records;	/* of its own */
	struct journal_mark mark; /* behind the last one */
};

struct page {
	int fd;			/* borrowed */
	const char *file;	/* its name, for errors */
	size_t most;		/* bytes of a text that are shown */
	struct buf out;		/* what is not written yet */
	size_t block;		/* bytes in the block of data; 0: none open */
};

/* Begin: the head, with the title. */
int page_begin(struct page *, const char *title, struct err *);
/* A record of the agent `a`. */
int page_record(struct page *, int a, const struct record *,
    const struct blob_source *, struct err *);
/* A line of data; JSON. */
int page_line(struct page *, struct slice json, struct err *);
/* The agents, and the end. */
int page_end(struct page *, const char *title, const struct page_agent *,
    size_t count, struct err *);
void page_free(struct page *);

/*
 * A record's body for the page: blobs in their places and texts of more than
 * `most` bytes cut.  `cuts` gets an array that says what was: the path of the
 * member, all its bytes, and its blob if it is one; nothing when all is
 * there.
 */
void page_body(const struct record *, const struct blob_source *, size_t most,
    struct buf *out, struct buf *cuts);

#endif
