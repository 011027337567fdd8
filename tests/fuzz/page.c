/*
 * What a page holds of a record, whatever its body is: one line of JSON in
 * which nothing can be taken for markup.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "audit/page.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
no_blob(void *arg, const struct digest *d, struct buf *out, struct err *e)
{
	(void)arg;
	(void)d;
	(void)out;
	return err_set(e, EX_NOINPUT, 0, "there is none");
}

/* Nested as deep as may be, it is too deep as a member. */
static bool
fits(struct slice body)
{
	struct json *j CLEANUP_JSON = NULL;
	struct buf text CLEANUP_BUF = {0};
	struct err e;

	buf_puts(&text, "{\"b\":");
	buf_add(&text, body.data, body.len);
	buf_puts(&text, "}");
	return json_parse(buf_str(&text), text.len, &j, &e) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct blob_source blobs = {no_blob, NULL};
	struct page p = {.fd = -1, .file = "page"};
	struct json *j CLEANUP_JSON = NULL;
	struct record r = {.seq = 1, .type = RECORD_NOTE};
	const char *line, *end;
	bool whole;
	struct err e;

	if (size == 0)
		return 0;
	p.most = data[0];
	r.body = (struct slice){(const char *)data + 1, size - 1};
	whole = fits(r.body);
	assert(page_record(&p, 0, &r, &blobs, &e) == 0);
	line = strchr(buf_str(&p.out), '\n') + 1;
	end = strchr(line, '\n');
	assert(end != NULL && end[1] == '\0');
	assert(memchr(line, '<', (size_t)(end - line)) == NULL);
	if (whole) {
		assert(json_parse(line, (size_t)(end - line), &j, &e) == 0);
		assert(json_get_integer(j, "s", 0) == 1);
		assert(json_get(j, "b") != NULL);
	}
	page_free(&p);
	return 0;
}
