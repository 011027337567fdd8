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

/* Does `want` hold wherever `have` does?  Both are of one argument. */
static bool
implies(const struct grant_where *have, const struct grant_where *want)
{
	struct buf a CLEANUP_BUF = {0}, b CLEANUP_BUF = {0};
	double x, y;

	if (have->op == want->op && strcmp(have->value, want->value) == 0)
		return true;
	if (have->value[0] == '"' && want->value[0] == '"') {
		if (have->op == WHERE_AT_MOST || want->op != WHERE_PREFIX)
			return false;
		json_unquote(
		    &a, (struct slice){have->value, strlen(have->value)});
		json_unquote(
		    &b, (struct slice){want->value, strlen(want->value)});
		return strncmp(buf_str(&a), buf_str(&b), b.len) == 0;
	}
	if (want->op != WHERE_AT_MOST || have->op == WHERE_PREFIX ||
	    num_double(have->value, &x) < 0 || num_double(want->value, &y) < 0)
		return false;
	return x <= y;
}

bool
where_implied(
    const struct grant_where *have, size_t n, const struct grant_where *want)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(have[i].arg, want->arg) == 0 &&
		    implies(&have[i], want))
			return true;
	return false;
}
