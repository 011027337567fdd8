/* Whatever a server of the Messages API sends becomes a reply that holds. */
#include "modelreply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reply(&protocol_anthropic, (const char *)data, size);
	return 0;
}
