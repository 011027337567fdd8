/*
 * digest.h: SHA-256 (FIPS 180-4) from libcrypto, and base64 and hex text.
 * Digests name blobs, bind bodies to records and records to each other.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>

#include "base/buf.h"

#define DIGEST_SIZE 32
#define DIGEST_HEX  64

struct digest {
	unsigned char b[DIGEST_SIZE];
};

/* A running digest, a plain value: copying the struct copies its state. */
struct sha256 {
	uint64_t opaque[16];
};

void sha256_init(struct sha256 *);
void sha256_add(struct sha256 *, const void *, size_t);
/* The digest of all that was added; the running one can go on. */
void sha256_get(const struct sha256 *, struct digest *out);

void digest_of(const void *, size_t, struct digest *out);
/* The digest of what is left to read in `fd`; -1 with errno. */
int digest_of_fd(int fd, struct digest *out);
bool digest_equal(const struct digest *, const struct digest *);
void digest_hex(const struct digest *, char out[DIGEST_HEX + 1]);
/* Exactly 64 lower-case hex characters; 0 or -1. */
int digest_parse(const char *hex, size_t len, struct digest *out);

void hex_encode(const void *, size_t, char *out /* 2n + 1 */);
/* Base64 with padding (RFC 4648); decode refuses anything else, and returns
 * the length or -1. */
void base64_encode(struct buf *, const void *, size_t);
ssize_t base64_decode(const char *, size_t, void *out, size_t room);

#endif
