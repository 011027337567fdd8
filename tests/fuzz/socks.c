/*
 * SOCKS: never more used than there is, and where to is text that the grants'
 * own reader takes or refuses.
 */
#include <assert.h>

#include "grant/resource.h"
#include "sandbox/socks.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy = malloc(size == 0 ? 1 : size);
	enum socks_code code;
	char to[300];
	size_t used;

	memcpy(copy, data, size);
	if (socks_greeting(copy, size, &used) == SOCKS_OK)
		assert(used <= size);
	if (socks_request(copy, size, &used, to, &code) == SOCKS_OK) {
		assert(used <= size && memchr(to, '\0', sizeof(to)) != NULL);
		free(resource_host(to, false));
	}
	free(copy);
	return 0;
}
