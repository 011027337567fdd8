/* Whatever a server of Chat Completions sends becomes a reply that holds. */
#include "modelreply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_reply(&protocol_openai, (const char *)data, size);
	return 0;
}
