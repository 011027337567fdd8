/* The events of a stream do not depend on where it is cut. */
#include <assert.h>

#include "model/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
collect(void *arg, const char *event, struct slice data)
{
	struct buf *out = arg;

	buf_printf(out, "<%s>", event);
	buf_add(out, data.data, data.len);
	return 0;
}

static int
feed(const char *p, size_t size, size_t step, struct buf *out)
{
	const struct sse_handler h = {collect, out};
	struct sse s;
	size_t at, n;
	int rc = 0;

	sse_init(&s, 256);
	for (at = 0; at < size && rc == 0; at += n) {
		n = size - at < step ? size - at : step;
		rc = sse_feed(&s, p + at, n, &h);
	}
	if (rc == 0)
		rc = sse_end(&s, &h);
	sse_free(&s);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf all CLEANUP_BUF = {0}, some CLEANUP_BUF = {0};
	const char *p = (const char *)data;
	int rc = feed(p, size, size + 1, &all);
	size_t step;

	for (step = 1; step < 4; step++) {
		buf_clear(&some);
		assert(feed(p, size, step, &some) == rc);
		assert(some.len == all.len &&
		       memcmp(buf_str(&some), buf_str(&all), all.len) == 0);
	}
	return 0;
}
