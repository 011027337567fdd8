/*
 * words.h: a line of agent-grant(5) as words.  Words are parted by spaces and
 * tabs; a JSON string may be a word, or the rest of one after a colon, and so
 * hold spaces.  A word that begins with '#' ends the line.
 *
 * Invariant: every word is UTF-8 that a terminal shows as it is: no control
 * characters, no invisible ones (line breaks and tabs in JSON strings only).
 */
#ifndef GRANT_WORDS_H
#define GRANT_WORDS_H

#include <stdbool.h>

#include "base/err.h"

struct word {
	char *text;	/* owned, strings without their quotes */
	bool quoted;	/* is a JSON string as a whole */
};

struct words {
	struct word *items;
	size_t count, cap;
	size_t next;	/* which word is to be read */
};

/* Status 78. */
int words_split(const char *line, struct words *out, struct err *);
void words_free(struct words *);
#define CLEANUP_WORDS CLEANUP(words_free)

/* The next word, which stays; NULL at the end. */
const struct word *words_peek(const struct words *);
/* Take the next word if it is this one, unquoted. */
bool words_take(struct words *, const char *text);
/* "expected WHAT, got '…'", the next word. */
int words_expected(const struct words *, const char *what, struct err *);
/* Can this text stand as a word without quotes? */
bool words_plain(const char *text);

#endif
