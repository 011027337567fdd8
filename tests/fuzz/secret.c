/*
 * Scrubbing: no value survives in any of its forms, in pieces it comes to the
 * same as in one, and what holds no value comes out as it went in.  The input
 * is a value, then text in which some bytes stand for forms of that value.
 */
#include <assert.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_encoded(struct buf *b, const char *value, size_t n, size_t every)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (i % every == 0)
			buf_printf(b, i % 2 == 0 ? "%%%02x" : "%%%02X",
			    (unsigned char)value[i]);
		else
			buf_putc(b, value[i]);
}

static void
put_base64(struct buf *b, const char *value, size_t n, size_t shift)
{
	struct buf all CLEANUP_BUF = {0};

	buf_add(&all, "xyz", shift);
	buf_add(&all, value, n);
	base64_encode(b, all.data, all.len);
}

/* Bytes above 0xf0 become a form of the value. */
static void
make_text(const char *value, size_t n, const uint8_t *data, size_t size,
    struct buf *b)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (data[i] < 0xf0)
			buf_putc(b, (char)data[i]);
		else if (data[i] < 0xf4)
			buf_add(b, value, n);
		else if (data[i] < 0xf8)
			put_encoded(b, value, n, 1U + data[i] % 4U);
		else
			put_base64(b, value, n, data[i] % 3U);
	}
}

static void
scrub_pieces(const struct secrets *all, const struct buf *text, size_t step,
    struct buf *out)
{
	struct scrub c = {.secrets = all};
	size_t i, n;

	for (i = 0; i < text->len; i += n) {
		n = text->len - i < step ? text->len - i : step;
		scrub_add(&c, text->data + i, n, out);
	}
	scrub_end(&c, out);
}

/* Each form, looked for in another way than the scrubber's. */
static void
check_gone(const char *value, size_t n, const struct buf *out)
{
	struct buf form CLEANUP_BUF = {0};
	size_t shift, from, sure;

	assert(memmem(buf_str(out), out->len, value, n) == NULL);
	put_encoded(&form, value, n, 1);
	assert(memmem(buf_str(out), out->len, form.data, form.len) == NULL);
	for (shift = 0; shift < 3; shift++) {
		buf_clear(&form);
		put_base64(&form, value, n, shift);
		from = (8 * shift + 5) / 6;
		sure = 8 * (shift + n) / 6 - from;
		assert(memmem(buf_str(out), out->len, form.data + from, sure) ==
		       NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf text CLEANUP_BUF = {0}, whole CLEANUP_BUF = {0};
	struct buf pieces CLEANUP_BUF = {0}, again CLEANUP_BUF = {0};
	struct secrets all CLEANUP(secrets_free) = {0};
	const char *value = (const char *)data + 1;
	struct err e;
	size_t n;

	if (size < 1)
		return 0;
	n = data[0] % 80U;
	if (n >= size ||
	    secrets_add(&all, "N", NULL, (struct slice){value, n}, &e) < 0)
		return 0;
	make_text(value, n, data + 1 + n, size - 1 - n, &text);
	secrets_scrub(&all, buf_str(&text), text.len, &whole);
	check_gone(value, n, &whole);
	scrub_pieces(&all, &text, 1 + size % 7, &pieces);
	assert(pieces.len == whole.len &&
	       memcmp(buf_str(&pieces), buf_str(&whole), whole.len) == 0);
	secrets_scrub(&all, buf_str(&whole), whole.len, &again);
	assert(again.len == whole.len &&
	       memcmp(buf_str(&again), buf_str(&whole), whole.len) == 0);
	if (memmem(buf_str(&whole), whole.len, "\xc2\xabsecret:N\xc2\xbb",
		12) == NULL)
		assert(whole.len == text.len);
	return 0;
}
