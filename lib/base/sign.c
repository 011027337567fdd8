#include "base/sign.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/random.h>
#include <errno.h>

#include "base/digest.h"
#include "base/mem.h"

/* Sizes of the three files' contents, signify.c of OpenBSD. */
enum { PUBLIC_FILE = 42, SIGNATURE_FILE = 74, SECRET_FILE = 104 };

static void
checksum(const unsigned char seckey[64], unsigned char out[8])
{
	unsigned char full[SHA512_DIGEST_LENGTH];

	(void)SHA512(seckey, 64, full);
	memcpy(out, full, 8);
	mem_wipe(full, sizeof(full));
}

int
sign_new(struct sign_secret *out, struct err *e)
{
	struct sign_secret k;
	size_t len = SIGN_PUBLIC;
	EVP_PKEY *p;

	if (getrandom(k.seed, sizeof(k.seed), 0) != sizeof(k.seed) ||
	    getrandom(k.pub.keynum, SIGN_KEYNUM, 0) != SIGN_KEYNUM)
		return err_set(e, EX_OSERR, errno, "no random bytes");
	p = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k.seed, 32);
	if (p == NULL || EVP_PKEY_get_raw_public_key(p, k.pub.key, &len) != 1) {
		EVP_PKEY_free(p);
		return err_set(e, EX_SOFTWARE, 0, "cannot make a key pair");
	}
	EVP_PKEY_free(p);
	*out = k;
	mem_wipe(&k, sizeof(k));
	return 0;
}

void
sign_wipe(struct sign_secret *k)
{
	mem_wipe(k, sizeof(*k));
}

static void
put(struct buf *out, const char *what, const void *data, size_t n)
{
	buf_printf(out, "untrusted comment: agentutils %s\n", what);
	base64_encode(out, data, n);
	buf_putc(out, '\n');
}

void
sign_secret_text(const struct sign_secret *k, struct buf *out)
{
	unsigned char f[SECRET_FILE] = {'E', 'd', 'B', 'K'};

	memcpy(f + 40, k->seed, 32);
	memcpy(f + 72, k->pub.key, 32);
	checksum(f + 40, f + 24);
	memcpy(f + 32, k->pub.keynum, SIGN_KEYNUM);
	put(out, "secret key", f, sizeof(f));
	mem_wipe(f, sizeof(f));
}

void
sign_public_text(const struct sign_public *k, struct buf *out)
{
	unsigned char f[PUBLIC_FILE] = {'E', 'd'};

	memcpy(f + 2, k->keynum, SIGN_KEYNUM);
	memcpy(f + 10, k->key, SIGN_PUBLIC);
	put(out, "public key", f, sizeof(f));
}

void
sign_text(const struct sign_public *k, const unsigned char sig[SIGN_BYTES],
    struct buf *out)
{
	unsigned char f[SIGNATURE_FILE] = {'E', 'd'};

	memcpy(f + 2, k->keynum, SIGN_KEYNUM);
	memcpy(f + 10, sig, SIGN_BYTES);
	put(out, "signature", f, sizeof(f));
}

/* The bytes of a two-line file: a comment, then base64. */
static int
get(const char *text, size_t len, unsigned char *out, size_t want)
{
	static const char comment[] = "untrusted comment: ";
	const char *nl, *end;

	if (len < sizeof(comment) ||
	    memcmp(text, comment, sizeof(comment) - 1) != 0)
		return -1;
	nl = memchr(text, '\n', len);
	if (nl == NULL)
		return -1;
	end = memchr(nl + 1, '\n', len - (size_t)(nl + 1 - text));
	if (end == NULL)
		end = text + len;
	if (base64_decode(nl + 1, (size_t)(end - nl - 1), out, want) !=
	    (ssize_t)want)
		return -1;
	return out[0] == 'E' && out[1] == 'd' ? 0 : -1;
}

int
sign_public_parse(
    const char *text, size_t len, struct sign_public *out, struct err *e)
{
	unsigned char f[PUBLIC_FILE];

	if (get(text, len, f, sizeof(f)) < 0)
		return err_set(e, EX_DATAERR, 0, "not a signify public key");
	memcpy(out->keynum, f + 2, SIGN_KEYNUM);
	memcpy(out->key, f + 10, SIGN_PUBLIC);
	return 0;
}

int
sign_secret_parse(
    const char *text, size_t len, struct sign_secret *out, struct err *e)
{
	unsigned char f[SECRET_FILE], sum[8];
	int r = -1;

	if (get(text, len, f, sizeof(f)) < 0 || f[2] != 'B' || f[3] != 'K') {
		err_set(e, EX_DATAERR, 0, "not a signify secret key");
	} else if (memcmp(f + 4, "\0\0\0\0", 4) != 0) {
		err_set(e, EX_DATAERR, 0,
		    "the secret key has a passphrase; give one without");
	} else if (checksum(f + 40, sum), memcmp(sum, f + 24, 8) != 0) {
		err_set(e, EX_DATAERR, 0, "the secret key is damaged");
	} else {
		memcpy(out->pub.keynum, f + 32, SIGN_KEYNUM);
		memcpy(out->seed, f + 40, 32);
		memcpy(out->pub.key, f + 72, SIGN_PUBLIC);
		r = 0;
	}
	mem_wipe(f, sizeof(f));
	return r;
}

int
sign_text_parse(const char *text, size_t len, unsigned char keynum[SIGN_KEYNUM],
    unsigned char sig[SIGN_BYTES], struct err *e)
{
	unsigned char f[SIGNATURE_FILE];

	if (get(text, len, f, sizeof(f)) < 0)
		return err_set(e, EX_DATAERR, 0, "not a signify signature");
	memcpy(keynum, f + 2, SIGN_KEYNUM);
	memcpy(sig, f + 10, SIGN_BYTES);
	return 0;
}

int
sign_make(const struct sign_secret *k, const void *data, size_t n,
    unsigned char sig[SIGN_BYTES], struct err *e)
{
	EVP_PKEY *p =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, 32);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t len = SIGN_BYTES;
	int ok = p != NULL && c != NULL &&
		 EVP_DigestSignInit(c, NULL, NULL, NULL, p) == 1 &&
		 EVP_DigestSign(c, sig, &len, data, n) == 1 &&
		 len == SIGN_BYTES;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(p);
	return ok ? 0 : err_set(e, EX_SOFTWARE, 0, "cannot sign");
}

int
sign_check(const struct sign_public *k, const void *data, size_t n,
    const unsigned char sig[SIGN_BYTES], struct err *e)
{
	EVP_PKEY *p =
	    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->key, 32);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	int ok = p != NULL && c != NULL &&
		 EVP_DigestVerifyInit(c, NULL, NULL, NULL, p) == 1 &&
		 EVP_DigestVerify(c, sig, SIGN_BYTES, data, n) == 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(p);
	return ok ? 0
		  : err_set(e, EX_DATAERR, 0, "the signature does not match");
}
