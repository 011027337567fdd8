/*
 * Repaired text is valid; what was valid is not changed; a cut is a prefix on
 * a boundary; what goes to a terminal holds no control characters.
 */
#include <assert.h>

#include "base/jsontext.h"
#include "base/jsonw.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_safe(const char *s, size_t len)
{
	struct buf b CLEANUP_BUF = {0}, again CLEANUP_BUF = {0};
	size_t i;

	utf8_safe(&b, s, len, false);
	assert(utf8_valid(buf_str(&b), b.len) == b.len);
	for (i = 0; i < b.len; i++)
		assert((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
	utf8_safe(&again, buf_str(&b), b.len, false);
	assert(again.len == b.len &&
	       memcmp(buf_str(&again), buf_str(&b), b.len) == 0);
}

static void
check_quote(const char *s, size_t len)
{
	struct buf token CLEANUP_BUF = {0}, text CLEANUP_BUF = {0};
	struct err e;

	json_quote(&token, s, len);
	assert(json_check(token.data, token.len, &e) == 0);
	if (utf8_valid(s, len) != len || memchr(s, 0, len) != NULL)
		return;
	json_unquote(&text, (struct slice){token.data, token.len});
	assert(text.len == len && memcmp(buf_str(&text), s, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	struct buf b CLEANUP_BUF = {0};
	size_t good = utf8_valid(s, size), most, n;

	if (size == 0)
		return 0;
	utf8_repair(&b, s, size);
	assert(utf8_valid(b.data, b.len) == b.len);
	assert(good < size || (b.len == size && memcmp(b.data, s, size) == 0));
	for (most = 0; most <= b.len && most < 64; most++) {
		n = utf8_cut(b.data, b.len, most);
		assert(n <= most && most - n < 4);
		assert(utf8_valid(b.data, n) == n);
	}
	check_safe(s, size);
	check_quote(s, size);
	return 0;
}
