/*
 * jsonscan.h: step over JSON text, strictly (jsontext.h says how); for
 * jsontext.c.
 */
#ifndef BASE_JSONSCAN_H
#define BASE_JSONSCAN_H

#include "base/jsontext.h"

/* A reader over the text; `p` only moves forward. */
struct scan {
	const char *p, *end;
	const char *why; /* what was wrong at p */
};

/* Step over white space; over one value, which must be good (false: `why` and
 * the place say what is not); over a string, `p` at its quote. */
void scan_space(struct scan *);
bool scan_value(struct scan *, unsigned depth);
bool scan_string(struct scan *);
/* Remember what is wrong at `p`, the first time.  Returns false. */
bool scan_wrong(struct scan *, const char *why);
/* The byte at `p`, -1 at the end. */
int scan_peek(const struct scan *);
/* The code point of an escape whose 'u' is at `p`, and the `*used` characters
 * with the 'u'; -1 when it is not one. */
long scan_unicode(const char *p, const char *end, size_t *used);

#endif
