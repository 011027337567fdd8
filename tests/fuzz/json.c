/*
 * What json_check accepts, json_parse reads (but for names that stand twice),
 * raw look-ups agree with the tree, and strings written again are the same.
 */
#include <assert.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The tree as text. */
static void
print(struct jsonw *w, const char *key, const struct json *j)
{
	enum json_type type = json_type(j);
	const struct json *x;
	double v;
	char number[40];

	switch (type) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		if (type == JSON_OBJECT)
			jsonw_object(w, key);
		else
			jsonw_array(w, key);
		for (x = json_first(j); x != NULL; x = json_next(x))
			print(w, json_name(x), x);
		jsonw_end(w, type == JSON_OBJECT ? '}' : ']');
		break;
	case JSON_STRING:
		jsonw_string(w, key, json_string(j));
		break;
	case JSON_NUMBER:
		assert(json_number(j, &v));
		(void)snprintf(number, sizeof(number), "%.17e", v);
		jsonw_raw(w, key, number, strlen(number));
		break;
	case JSON_NULL:
		jsonw_null(w, key);
		break;
	default:
		jsonw_bool(w, key, type == JSON_TRUE);
	}
}

static void
check_raw(struct slice text, const struct json *j)
{
	struct slice raw;
	const struct json *x;
	size_t at = 0, n = 0;
	struct err e;

	while (
	    json_type(j) == JSON_ARRAY && json_raw_next(text, &at, &raw) == 1) {
		assert(json_check(raw.data, raw.len, &e) == 0);
		n++;
	}
	assert(json_type(j) != JSON_ARRAY || n == json_count(j));
	if (json_type(j) == JSON_STRING) {
		struct buf b CLEANUP_BUF = {0};

		while (*text.data != '"') {
			text.data++;
			text.len--;
		}
		while (text.data[text.len - 1] != '"')
			text.len--;
		json_unquote(&b, text);
		assert(strcmp(buf_str(&b), json_string(j)) == 0);
	}
	for (x = json_first(j); x != NULL && json_name(x) != NULL;
	     x = json_next(x)) {
		if (json_raw(text, json_name(x), &raw) == 0)
			assert(json_check(raw.data, raw.len, &e) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json *j CLEANUP_JSON = NULL;
	struct json *back CLEANUP_JSON = NULL;
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {&out, false};
	struct err e;

	if (json_parse(text, size, &j, &e) < 0) {
		assert(e.status == EX_DATAERR && j == NULL);
		assert(json_check(text, size, &e) < 0 ||
		       memchr(text, '{', size) != NULL);
		return 0;
	}
	assert(json_check(text, size, &e) == 0);
	check_raw((struct slice){text, size}, j);
	print(&w, NULL, j);
	assert(json_parse(out.data, out.len, &back, &e) == 0);
	assert(json_equal(j, back));
	return 0;
}
