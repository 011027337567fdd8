/*
 * socks.h: what a SOCKS 5 client says (RFC 1928), without authentication and
 * for CONNECT alone.
 */
#ifndef SANDBOX_SOCKS_H
#define SANDBOX_SOCKS_H

#include <stddef.h>

enum { SOCKS_VERSION = 5, SOCKS_REPLY = 10 /* bytes of one */ };

/* RFC 1928, section 6. */
enum socks_code {
	SOCKS_GRANTED = 0,
	SOCKS_FAILED = 1,
	SOCKS_DENIED = 2,
	SOCKS_UNREACHABLE = 4,
	SOCKS_BAD_COMMAND = 7,
	SOCKS_BAD_ADDRESS = 8
};

enum socks_end { SOCKS_MORE, SOCKS_OK, SOCKS_BAD };

/* The methods that it offers: OK when "no authentication" is one of them.
 * `*used` bytes are the greeting's. */
enum socks_end socks_greeting(const unsigned char *, size_t n, size_t *used);

/* The request: where to, as "host:port".  When it is BAD, `*code` says how. */
enum socks_end socks_request(const unsigned char *, size_t n, size_t *used,
    char to[300], enum socks_code *code);

void socks_reply(enum socks_code, unsigned char out[SOCKS_REPLY]);

#endif
