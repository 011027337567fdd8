/*
 * rand.h: random bytes from the kernel, and names made of them.
 */
#ifndef BASE_RAND_H
#define BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

#define RAND_TEXT 33	/* 32 hex characters and a NUL */
#define ULID_TEXT 27	/* 26 characters and a NUL */

void rand_bytes(void *, size_t);	/* at most 256 */
void rand_text(char out[RAND_TEXT]);
/* Below `n`, for jitter; not for secrets. */
uint64_t rand_below(uint64_t n);

/* A ULID (github.com/ulid/spec): 48 bits of milliseconds since 1970, 80
 * random bits, in Crockford's base 32: sorts by age. */
void ulid_make(int64_t real_ns, char out[ULID_TEXT]);

#endif
