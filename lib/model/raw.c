#include "model/raw.h"

#include <string.h>

#include "base/num.h"

bool
raw_get(struct slice object, const char *key, struct slice *out)
{
	struct slice v;

	if (json_raw(object, key, &v) < 0 || v.len == 0 || v.data[0] == 'n')
		return false;
	*out = v;
	return true;
}

bool
raw_is(struct slice value, char first)
{
	return value.len > 0 && value.data[0] == first;
}

bool
raw_string(struct slice object, const char *key, struct buf *out)
{
	struct slice v;

	if (!raw_get(object, key, &v) || !raw_is(v, '"'))
		return false;
	json_unquote(out, v);
	return true;
}

int64_t
raw_integer(struct slice object, const char *key, int64_t none)
{
	struct slice v;
	char text[32];
	int64_t n;

	if (!raw_get(object, key, &v) || v.len >= sizeof(text))
		return none;
	memcpy(text, v.data, v.len);
	text[v.len] = '\0';
	return num_int(text, INT64_MIN, INT64_MAX, &n) == 0 ? n : none;
}

bool
raw_equal(struct slice object, const char *key, const char *value)
{
	size_t n = strlen(value);
	struct slice v;

	return raw_get(object, key, &v) && raw_is(v, '"') && v.len == n + 2 &&
	       memcmp(v.data + 1, value, n) == 0;
}

bool
raw_object(const char *text, size_t len)
{
	struct err e;
	size_t i;

	for (i = 0; i < len && strchr(" \t\r\n", text[i]) != NULL; i++)
		;
	return i < len && text[i] == '{' && json_check(text, len, &e) == 0;
}
