/*
 * Heads of requests and replies, and bodies.  What is written for a request is
 * itself a strict one, with a Host of ours, one way to frame its body and no
 * line that the client made; a body taken apart in pieces is that taken apart
 * at once, and put together again gives the same.
 */
#include <assert.h>

#include "base/buf.h"
#include "sandbox/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CREDENTIAL "Authorization: Bearer TOKEN"

static void
check_request(const struct head *h, const struct head_target *to,
    const struct framing *body, const char *credential)
{
	struct buf out CLEANUP_BUF = {0};
	struct framing again;
	struct head h2;
	bool twice;

	head_write_request(h, to, body, "host.test", credential, &out);
	if (out.len > HEAD_MOST || h->count > HEAD_FIELDS - 6)
		return;
	assert(head_read_request(out.data, out.len, &h2) == HEAD_OK);
	assert(h2.len == out.len);
	assert(slice_is(head_find(&h2, "Host", &twice)->value, "host.test"));
	assert(!twice);
	assert(slice_is(head_find(&h2, "Connection", &twice)->value, "close"));
	assert(!twice);
	assert(head_request_body(&h2, &again) == 0 && again.kind == body->kind);
	if (credential == NULL)
		return;
	assert(slice_is(
	    head_find(&h2, "Authorization", &twice)->value, "Bearer TOKEN"));
	assert(!twice);
}

static void
check_body(const struct framing *f, const char *data, size_t n, size_t step)
{
	struct buf whole CLEANUP_BUF = {0}, pieces CLEANUP_BUF = {0};
	struct buf wire CLEANUP_BUF = {0}, back CLEANUP_BUF = {0};
	struct framing a = *f, b = *f, c = {.kind = FRAMING_CHUNKED};
	ssize_t got = framing_decode(&a, data, n, &whole), r = 0;
	size_t at = 0;

	while (at < n && !b.done && r >= 0) {
		r = framing_decode(
		    &b, data + at, n - at < step ? n - at : step, &pieces);
		at += r > 0 ? (size_t)r : 0;
		if (r == 0)
			break;
	}
	assert((got < 0) == (r < 0));
	if (got < 0)
		return;
	assert(whole.len == pieces.len && a.done == b.done);
	framing_encode(&c, buf_str(&whole), whole.len, &wire);
	framing_encode_end(&c, &wire);
	assert(framing_decode(&c, wire.data, wire.len, &back) ==
		   (ssize_t)wire.len &&
	       c.done && back.len == whole.len &&
	       memcmp(buf_str(&back), buf_str(&whole), back.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a copy of its exact size, so that reads beyond it are seen */
	char *text = malloc(size == 0 ? 1 : size);
	struct head_target to;
	struct framing body;
	struct head h;

	memcpy(text, data, size);
	if (head_read_request(text, size, &h) == HEAD_OK) {
		assert(h.len <= size);
		if (head_request_body(&h, &body) == 0) {
			if (head_absolute_target(&h, &to) == 0) {
				check_request(&h, &to, &body, NULL);
				check_request(&h, &to, &body, CREDENTIAL);
			}
			check_body(
			    &body, text + h.len, size - h.len, 1 + size % 5);
		}
		(void)head_connect_target(&h, &to);
	}
	if (head_read_reply(text, size, &h) == HEAD_OK &&
	    head_reply_body(&h, false, &body) == 0) {
		struct buf out CLEANUP_BUF = {0};
		struct framing chunked = {.kind = FRAMING_CHUNKED};
		struct head h2;

		head_write_reply(&h, &chunked, &out);
		assert(out.len > HEAD_MOST || h.count > HEAD_FIELDS - 6 ||
		       head_read_reply(out.data, out.len, &h2) == HEAD_OK);
		check_body(&body, text + h.len, size - h.len, 1 + size % 5);
	}
	free(text);
	return 0;
}
