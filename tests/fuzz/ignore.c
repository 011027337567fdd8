/*
 * Rules, then a NUL, then a path: the last rule that matches decides, so a
 * rule "*" at the end leaves everything out and "!*" takes everything in.
 */
#include <assert.h>

#include "bundle/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ignore g CLEANUP(ignore_free) = {0};
	const uint8_t *nul = size == 0 ? NULL : memchr(data, 0, size);
	const char *path;
	size_t len;

	if (nul == NULL)
		return 0;
	path = (const char *)nul + 1;
	len = size - (size_t)(nul - data) - 1;
	if (len == 0 || len > 4096 || memchr(path, 0, len) != NULL)
		return 0;
	ignore_add(&g, (const char *)data, (size_t)(nul - data), 0);
	(void)ignore_matches(&g, path, len, false);
	ignore_add(&g, "*", 1, 0);
	assert(ignore_matches(&g, path, len, false));
	ignore_add(&g, "!*\n", 3, 0);
	assert(!ignore_matches(&g, path, len, true));
	return 0;
}
