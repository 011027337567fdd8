/*
 * The low-level SHA256 calls are deprecated in OpenSSL 3 but supported; they
 * keep their state in a plain struct, need no provider look-up (1 ms at each
 * program's start) and cost a third of EVP on records of 200 bytes.
 */
#define OPENSSL_API_COMPAT 10101

#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static_assert(
    sizeof(SHA256_CTX) <= sizeof(struct sha256), "room for the state");

void
sha256_init(struct sha256 *s)
{
	SHA256_CTX c;

	(void)SHA256_Init(&c);
	memcpy(s, &c, sizeof(c));
}

void
sha256_add(struct sha256 *s, const void *data, size_t n)
{
	SHA256_CTX c;

	memcpy(&c, s, sizeof(c));
	(void)SHA256_Update(&c, data, n);
	memcpy(s, &c, sizeof(c));
}

void
sha256_get(const struct sha256 *s, struct digest *out)
{
	SHA256_CTX c;

	memcpy(&c, s, sizeof(c));
	(void)SHA256_Final(out->b, &c);
}

void
digest_of(const void *data, size_t n, struct digest *out)
{
	SHA256_CTX c;

	/* not SHA256(): it looks a provider up, which initialises all of
	 * libcrypto: 1.5 ms and 2 MiB */
	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, data, n);
	(void)SHA256_Final(out->b, &c);
}

int
digest_of_fd(int fd, struct digest *out)
{
	char *block CLEANUP_FREE = mem_new(1, 65536);
	struct sha256 s;
	ssize_t n;

	sha256_init(&s);
	for (;;) {
		n = read(fd, block, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		sha256_add(&s, block, (size_t)n);
	}
	sha256_get(&s, out);
	return 0;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, DIGEST_SIZE) == 0;
}

void
hex_encode(const void *data, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *u = data;
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[u[i] >> 4];
		out[2 * i + 1] = digits[u[i] & 15];
	}
	out[2 * n] = '\0';
}

void
digest_hex(const struct digest *d, char out[DIGEST_HEX + 1])
{
	hex_encode(d->b, DIGEST_SIZE, out);
}

/* 16 when it is none.  Without branches: random digits would mislead them. */
static unsigned
nibble(char c)
{
	unsigned digit = (unsigned char)c - (unsigned)'0';
	unsigned letter = (unsigned char)c - (unsigned)'a';

	return digit < 10 ? digit : letter < 6 ? letter + 10 : 16;
}

int
digest_parse(const char *hex, size_t len, struct digest *out)
{
	unsigned hi, lo, all = 0;
	struct digest d;
	size_t i;

	if (len != DIGEST_HEX)
		return -1;
	for (i = 0; i < DIGEST_SIZE; i++) {
		hi = nibble(hex[2 * i]);
		lo = nibble(hex[2 * i + 1]);
		all |= hi | lo;
		d.b[i] = (unsigned char)(hi << 4 | lo);
	}
	if (all > 15)
		return -1;
	*out = d;
	return 0;
}

void
base64_encode(struct buf *b, const void *data, size_t n)
{
	const unsigned char *u = data;
	unsigned char out[65];
	size_t step;
	int len;

	for (; n > 0; u += step, n -= step) {
		step = n > 48 ? 48 : n;
		len = EVP_EncodeBlock(out, u, (int)step);
		buf_add(b, out, (size_t)len);
	}
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t
base64_decode(const char *s, size_t len, void *out, size_t room)
{
	unsigned char *u = out;
	size_t pad = 0, n = 0, i, j;
	uint32_t v;
	int d;

	if (len % 4 != 0)
		return -1;
	if (len > 0 && s[len - 1] == '=')
		pad = s[len - 2] == '=' ? 2 : 1;
	for (i = 0; i < len; i += 4) {
		size_t keep = i + 4 == len ? 3 - pad : 3;

		v = 0;
		for (j = 0; j < 4; j++) {
			d = j > keep ? 0 : base64_value(s[i + j]);
			if (d < 0)
				return -1;
			v = v << 6 | (uint32_t)d;
		}
		if ((v & ((1u << (8 * (3 - keep))) - 1)) != 0)
			return -1; /* bits that no encoder sets */
		if (n + keep > room)
			return -1;
		for (j = 0; j < keep; j++)
			u[n++] = (unsigned char)(v >> (16 - 8 * j));
	}
	return (ssize_t)n;
}
