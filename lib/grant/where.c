#include "grant/where.h"

#include <string.h>

#include "base/jsontext.h"
#include "base/num.h"

static bool
holds_text(const struct grant_where *w, const char *text)
{
	struct slice token = {w->value, strlen(w->value)};
	struct buf want CLEANUP_BUF = {0};

	if (w->value[0] != '"')
		return false;
	json_unquote(&want, token);
	if (w->op == WHERE_PREFIX)
		return strncmp(text, buf_str(&want), want.len) == 0;
	return w->op == WHERE_EQUAL && strcmp(text, buf_str(&want)) == 0;
}

static bool
holds_number(const struct grant_where *w, double v)
{
	double want;

	if (num_double(w->value, &want) < 0)
		return false;
	return w->op == WHERE_AT_MOST
		   ? v <= want
		   : w->op == WHERE_EQUAL && v >= want && v <= want;
}

static bool
holds(const struct grant_where *w, const struct json *value)
{
	double v;

	if (value == NULL)
		return false;
	switch (json_type(value)) {
	case JSON_STRING:
		return holds_text(w, json_string(value));
	case JSON_NUMBER:
		return json_number(value, &v) && holds_number(w, v);
	case JSON_TRUE:
		return w->op == WHERE_EQUAL && strcmp(w->value, "true") == 0;
	case JSON_FALSE:
		return w->op == WHERE_EQUAL && strcmp(w->value, "false") == 0;
	default:
		return false;
	}
}

bool
where_holds(const struct grant_where *w, size_t n, const struct json *arguments)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!holds(&w[i], json_get(arguments, w[i].arg)))
			return false;
	return true;
}
