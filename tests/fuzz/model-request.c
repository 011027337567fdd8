/* A request is refused, or what is sent of it is JSON in either protocol, and
 * the same each time. */
#include <assert.h>

#include "base/jsontext.h"
#include "model/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *spec, struct slice request)
{
	struct buf a CLEANUP_BUF = {0}, b CLEANUP_BUF = {0};
	struct model *m;
	struct err e;

	if (model_open(spec, &m, &e) < 0)
		abort();
	if (model_wire(m, request, NULL, &a, &e) == 0) {
		assert(json_check(a.data, a.len, &e) == 0);
		assert(model_wire(m, request, NULL, &b, &e) == 0);
		assert(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	} else {
		assert(e.status == EX_DATAERR && a.len == 0);
	}
	model_close(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice request = {(const char *)data, size};

	(void)setenv("OPENAI_API_KEY", "k", 1);
	(void)setenv("ANTHROPIC_API_KEY", "k", 1);
	check("openai:m", request);
	check("anthropic:m", request);
	return 0;
}
