/*
 * A manifest that is read, written and read again is the same; a signature is
 * taken or refused, never over-read.
 */
#include <assert.h>

#include "bundle/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf a CLEANUP_BUF = {0}, b CLEANUP_BUF = {0};
	unsigned char num[SIGN_KEYNUM], sig[SIGN_BYTES];
	struct manifest m, again;
	struct err e;

	(void)manifest_signature((const char *)data, size, num, sig, &e);
	if (manifest_parse((const char *)data, size, &m, &e) < 0)
		return 0;
	assert(m.full || m.has_parent);
	manifest_write(&m, &a);
	assert(manifest_parse(a.data, a.len, &again, &e) == 0);
	manifest_write(&again, &b);
	assert(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	manifest_free(&m);
	manifest_free(&again);
	return 0;
}
