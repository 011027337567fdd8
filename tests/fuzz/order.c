/*
 * A command that parses is printed as it was read, and is signed by nobody
 * unless its signature says so.
 */
#include <assert.h>

#include "agent/order.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text CLEANUP_FREE = mem_dup(data, size);
	struct order c CLEANUP_ORDER = {0}, again CLEANUP_ORDER = {0};
	struct buf out CLEANUP_BUF = {0};
	struct err e;

	if (order_parse(text, size, &c, &e) < 0) {
		assert(e.status == EX_DATAERR);
		return 0;
	}
	assert(strlen(c.nonce) == 32 && c.expires > 0 && !c.human);
	assert(c.text.len <= size && c.text.data[c.text.len - 1] == '\n');
	assert(memcmp(c.text.data, text, c.text.len) == 0);
	order_print(&c, &out);
	assert(order_parse(out.data, out.len, &again, &e) == 0);
	assert(strcmp(c.sig, again.sig) == 0 && strcmp(c.key, again.key) == 0);
	return 0;
}
