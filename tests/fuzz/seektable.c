/*
 * A seek table that is read is the one that is written, and its frames follow
 * each other without a gap.
 */
#include <assert.h>

#include "bundle/seektable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf b CLEANUP_BUF = {0};
	struct seek_table t;
	int64_t at = 0, start = 0, packed = 0;
	struct err e;
	size_t i;

	/* The file is as long as the table says, so that it gets past that. */
	for (i = 16 + SEEK_SUM; i + 8 + SEEK_FOOTER <= size; i += 8)
		packed += (int64_t)data[i] | (int64_t)data[i + 1] << 8 |
			  (int64_t)data[i + 2] << 16 |
			  (int64_t)data[i + 3] << 24;
	if (seek_parse(
		(const char *)data, size, packed + (int64_t)size, &t, &e) < 0)
		return 0;
	for (i = 0; i < t.count; i++) {
		assert(t.frame[i].at == at && t.frame[i].start == start);
		at += t.frame[i].packed;
		start += t.frame[i].size;
	}
	assert(at == packed && start == t.size);
	seek_write(&t, &b);
	assert(b.len == size && memcmp(b.data, data, size) == 0);
	seek_free(&t);
	return 0;
}
