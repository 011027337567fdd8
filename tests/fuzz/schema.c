/*
 * A schema on the first line, a value after it.  Whatever both are, checking
 * ends and a refusal is a message in one line of UTF-8; and every value
 * passes the schemas that name it.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "tool/tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct json *schema, const struct json *value)
{
	struct err e = {0};

	if (schema_check(schema, value, &e) == 0) {
		assert(e.msg[0] == '\0');
		return;
	}
	assert(e.status == EX_DATAERR && e.msg[0] != '\0');
	assert(utf8_valid(e.msg, strlen(e.msg)) == strlen(e.msg));
	assert(strchr(e.msg, '\n') == NULL);
}

static void
check_self(const char *before, struct slice text, const char *after,
    const struct json *value)
{
	struct buf b CLEANUP_BUF = {0};
	struct json *schema CLEANUP_JSON = NULL;
	struct err e = {0};
	int r;

	buf_puts(&b, before);
	buf_add(&b, text.data, text.len);
	buf_puts(&b, after);
	if (json_parse(buf_str(&b), b.len, &schema, &e) < 0)
		return; /* nested too deeply by the form itself */
	r = schema_check(schema, value, &e);
	assert(r == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *nl = size == 0 ? NULL : memchr(text, '\n', size);
	struct json *schema CLEANUP_JSON = NULL, *value CLEANUP_JSON = NULL;
	struct err e = {0};
	struct slice v;

	if (nl == NULL)
		return 0;
	v = (struct slice){nl + 1, size - (size_t)(nl - text) - 1};
	if (json_parse(v.data, v.len, &value, &e) < 0)
		return 0;
	check_self("{\"const\":", v, "}", value);
	check_self("{\"enum\":[0,", v, "]}", value);
	check_self("{\"anyOf\":[false,{\"const\":", v, "}]}", value);
	if (json_parse(text, (size_t)(nl - text), &schema, &e) < 0)
		return 0;
	(void)schema_valid(schema, &e);
	check(schema, value);
	return 0;
}
