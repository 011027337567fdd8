/* Ed25519 in signify's files. */
#include "base/sign.h"

#include "tap.h"

static void
test_pair(void)
{
	struct sign_secret k, other;
	unsigned char sig[SIGN_BYTES];
	struct err e = {0};

	ok(sign_new(&k, &e) == 0 && sign_new(&other, &e) == 0, "new key pairs");
	ok(memcmp(k.seed, other.seed, 32) != 0 &&
		memcmp(k.pub.keynum, other.pub.keynum, 8) != 0,
	    "are never the same");
	ok(sign_make(&k, "text", 4, sig, &e) == 0 &&
		sign_check(&k.pub, "text", 4, sig, &e) == 0,
	    "what a key signed, its public half checks");
	ok(sign_check(&k.pub, "Text", 4, sig, &e) == -1 &&
		e.status == EX_DATAERR,
	    "not another text: status 65");
	ok(sign_check(&k.pub, "text", 3, sig, &e) == -1, "nor part of it");
	ok(sign_check(&other.pub, "text", 4, sig, &e) == -1, "nor another key");
	sig[10] ^= 1;
	ok(sign_check(&k.pub, "text", 4, sig, &e) == -1,
	    "nor another signature");
	ok(sign_make(&k, "", 0, sig, &e) == 0 &&
		sign_check(&k.pub, "", 0, sig, &e) == 0,
	    "nothing can be signed");
	sign_wipe(&k);
	ok(k.seed[0] == 0 && memcmp(k.seed, k.seed + 1, 31) == 0,
	    "a wiped key is zeros");
}

/* RFC 8032, section 7.1, test 2. */
static void
test_vector(void)
{
	static const unsigned char seed[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28,
	    0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
	    0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6,
	    0xed, 0x4f, 0xb8, 0xa6, 0xfb};
	static const unsigned char pub[32] = {0x3d, 0x40, 0x17, 0xc3, 0xe8,
	    0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc,
	    0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55,
	    0xf1, 0x2a, 0xf4, 0x66, 0x0c};
	static const unsigned char start[8] = {
	    0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8};
	unsigned char sig[SIGN_BYTES];
	struct sign_secret k = {0};
	struct err e = {0};

	memcpy(k.seed, seed, 32);
	memcpy(k.pub.key, pub, 32);
	ok(sign_make(&k, "\x72", 1, sig, &e) == 0 &&
		memcmp(sig, start, 8) == 0 &&
		sign_check(&k.pub, "\x72", 1, sig, &e) == 0,
	    "the signature is that of RFC 8032");
}

static void
test_files(void)
{
	struct buf sec CLEANUP_BUF = {0}, pub CLEANUP_BUF = {0};
	struct sign_secret k, back;
	struct sign_public p;
	struct err e = {0};
	char *body;

	(void)sign_new(&k, &e);
	sign_secret_text(&k, &sec);
	sign_public_text(&k.pub, &pub);
	ok(sign_secret_parse(sec.data, sec.len, &back, &e) == 0 &&
		memcmp(&k, &back, sizeof(k)) == 0,
	    "a secret key file reads back the same");
	ok(sign_public_parse(pub.data, pub.len, &p, &e) == 0 &&
		memcmp(&k.pub, &p, sizeof(p)) == 0,
	    "so does a public one");
	ok(sign_public_parse(pub.data, pub.len - 1, &p, &e) == 0,
	    "the last newline may be missing");
	ok(sign_public_parse(pub.data, pub.len - 2, &p, &e) == -1 &&
		e.status == EX_DATAERR,
	    "but no more: status 65");
	ok(sign_public_parse(sec.data, sec.len, &p, &e) == -1,
	    "a secret key is no public one");
	ok(sign_secret_parse(pub.data, pub.len, &back, &e) == -1,
	    "nor the other way round");
	ok(sign_public_parse("", 0, &p, &e) == -1, "an empty file is none");
	ok(sign_public_parse("untrusted comment: x", 20, &p, &e) == -1,
	    "nor a comment alone");
	body = strchr(sec.data, '\n') + 1;
	body[70] = body[70] == 'A' ? 'B' : 'A';
	ok(sign_secret_parse(sec.data, sec.len, &back, &e) == -1 &&
		strstr(e.msg, "damaged") != NULL,
	    "a changed secret key is damaged");
	/* Bytes 4 to 7 of the file are the rounds of its passphrase. */
	memcpy(body, "RWRCSwAAACo", 11);
	ok(sign_secret_parse(sec.data, sec.len, &back, &e) == -1 &&
		strstr(e.msg, "passphrase") != NULL,
	    "one with a passphrase is refused in words");
}

int
main(void)
{
	test_pair();
	test_vector();
	test_files();
	return done();
}
