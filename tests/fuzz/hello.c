/*
 * ClientHellos: the answer does not change once it is known, whatever follows,
 * and a name is lower-case text.
 */
#include <assert.h>

#include "base/cc.h"
#include "sandbox/hello.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum hello_end end, early = HELLO_MORE;
	struct hello h = {.name = ""};
	size_t i, step = 1 + size / 64;
	unsigned char *copy = malloc(size == 0 ? 1 : size);

	memcpy(copy, data, size);
	end = hello_parse(copy, size, &h);
	for (i = 0; i <= size && early == HELLO_MORE; i += step)
		early = hello_parse(copy, i, &h);
	if (early == HELLO_NONE)
		assert(end == HELLO_NONE);
	if (early == HELLO_BAD)
		assert(end == HELLO_BAD);
	for (i = 0; end == HELLO_OK && h.name[i] != '\0'; i++)
		assert(h.name[i] != ' ' &&
		       !(h.name[i] >= 'A' && h.name[i] <= 'Z'));
	free(copy);
	return 0;
}
