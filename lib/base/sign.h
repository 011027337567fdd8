/*
 * sign.h: Ed25519 (RFC 8032) keys and signatures in the files of signify(1),
 * so that `signify -V` checks what is signed here.  Secret keys are stored
 * unencrypted (kdfrounds 0), readable by their owner only.
 */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include "base/buf.h"
#include "base/err.h"

#define SIGN_KEYNUM 8
#define SIGN_PUBLIC 32
#define SIGN_BYTES  64

struct sign_public {
	unsigned char keynum[SIGN_KEYNUM];	/* tells keys apart, not secret */
	unsigned char key[SIGN_PUBLIC];
};

struct sign_secret {
	struct sign_public pub;
	unsigned char seed[32];
};

/* A new key pair from the kernel's random bytes. */
int sign_new(struct sign_secret *out, struct err *);
void sign_wipe(struct sign_secret *);

/* Key files, as text. */
void sign_secret_text(const struct sign_secret *, struct buf *out);
void sign_public_text(const struct sign_public *, struct buf *out);
int sign_secret_parse(const char *, size_t, struct sign_secret *, struct err *);
int sign_public_parse(const char *, size_t, struct sign_public *, struct err *);

/* The signature over `n` bytes. */
int sign_make(const struct sign_secret *, const void *, size_t n,
    unsigned char sig[SIGN_BYTES], struct err *);

/* 0 when `sig` is the key's over these bytes; else -1, status 65. */
int sign_check(const struct sign_public *, const void *, size_t n,
    const unsigned char sig[SIGN_BYTES], struct err *);

/* A signature file: comment line and base64 of "Ed", key number, signature. */
void sign_text(const struct sign_public *, const unsigned char sig[SIGN_BYTES],
    struct buf *out);
/* Read one: the signature, and the number of the key that made it. */
int sign_text_parse(const char *, size_t, unsigned char keynum[SIGN_KEYNUM],
    unsigned char sig[SIGN_BYTES], struct err *);

#endif
