/*
 * hello.h: the name in a TLS ClientHello (RFC 8446, 4.1.2; RFC 6066, 3), read
 * before a byte of it is passed on: who was granted one name must not reach
 * another behind the same address.
 */
#ifndef SANDBOX_HELLO_H
#define SANDBOX_HELLO_H

#include <stdbool.h>
#include <stddef.h>

#define HELLO_MOST ((size_t)32 << 10) /* bytes of a hello with its records */

enum hello_end {
	HELLO_MORE,	/* so far it is one; it goes on */
	HELLO_OK,
	HELLO_NONE,	/* no TLS */
	HELLO_BAD
};

struct hello {
	char name[256];	/* lower case, no dot at the end; "": it has none */
	bool encrypted;	/* it holds another one, which cannot be read (ECH) */
};

/* What a client sends first, `n` bytes of it, however it is cut into records.
 * `*out` is set when it is OK. */
enum hello_end hello_parse(const unsigned char *, size_t n, struct hello *out);

#endif
