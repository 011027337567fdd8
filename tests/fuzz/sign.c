/*
 * Key files: what parses is written and parsed again as the same key.  Base64:
 * what decodes is what the encoder writes.
 */
#include <assert.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_base64(const char *s, size_t len)
{
	unsigned char *bytes CLEANUP_FREE = mem_new(len + 1, 1);
	struct buf b CLEANUP_BUF = {0};
	ssize_t n = base64_decode(s, len, bytes, len);

	if (n < 0)
		return;
	base64_encode(&b, bytes, (size_t)n);
	assert(b.len == len && memcmp(buf_str(&b), s, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct buf b CLEANUP_BUF = {0};
	struct sign_secret k, k2;
	struct sign_public p, p2;
	struct err e;

	if (size == 0)
		return 0;
	check_base64(text, size);
	if (sign_public_parse(text, size, &p, &e) == 0) {
		sign_public_text(&p, &b);
		assert(sign_public_parse(b.data, b.len, &p2, &e) == 0 &&
		       memcmp(&p, &p2, sizeof(p)) == 0);
	}
	buf_clear(&b);
	if (sign_secret_parse(text, size, &k, &e) == 0) {
		sign_secret_text(&k, &b);
		assert(sign_secret_parse(b.data, b.len, &k2, &e) == 0 &&
		       memcmp(&k, &k2, sizeof(k)) == 0);
	}
	return 0;
}
