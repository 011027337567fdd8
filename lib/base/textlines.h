/*
 * textlines.h: a text as lines; what textdiff.c, texthunks.c and textmerge.c
 * share.
 */
#ifndef BASE_TEXTLINES_H
#define BASE_TEXTLINES_H

#include "base/buf.h"

/* One of the two texts.  What is left of both without the lines that are gone
 * is the same. */
struct text {
	struct slice *line;	/* each with its newline */
	size_t count;
	bool *gone;		/* the line is in this text only */
	/* The lines that may be in both, by number: what they are, and which
	 * they are. */
	int64_t *word;
	size_t *place;
	size_t words;
};

/* Both texts, and which of their lines are in one of them only.  They borrow
 * the bytes. */
void text_compare(struct slice a, struct slice b, struct text *x,
    struct text *y);
void text_free(struct text *);

/* Is line i of a line j of b? */
bool text_same(const struct text *a, size_t i, const struct text *b, size_t j);

/* Choose among equal differences those that people would. */
void text_tidy(struct text *a, struct text *b);
void text_hunks(const struct text *a, const struct text *b, size_t context,
    struct buf *out);

#endif
