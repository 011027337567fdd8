/*
 * A file of revocations is whole, or damaged, or has a last line that was cut:
 * then what comes before it reads the same without it, and each of its lines
 * is found.
 */
#include <assert.h>

#include "agent/revoked.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct revoked r CLEANUP(revoked_free) = {0};
	struct revoked again CLEANUP(revoked_free) = {0};
	char *text CLEANUP_FREE = mem_dup(data, size);
	struct err e;
	size_t i;

	if (revoked_parse(text, size, &r, &e) < 0) {
		assert(e.status == EX_DATAERR && r.count == 0);
		return 0;
	}
	assert(r.good <= size &&
	       memchr(text + r.good, '\n', size - r.good) == NULL);
	assert(revoked_parse(text, r.good, &again, &e) == 0);
	assert(again.count == r.count && strcmp(again.sum, r.sum) == 0);
	for (i = 0; i < r.count; i++)
		assert(revoked_key(&r, r.items[i].key) != NULL);
	return 0;
}
