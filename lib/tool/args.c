#include "tool/args.h"

#include <inttypes.h>
#include <string.h>

#include "base/jsonw.h"

static void
print_number(const struct json *v, struct buf *out)
{
	int64_t i;
	double d = 0;

	(void)json_number(v, &d);
	if (json_integer(v, &i))
		buf_printf(out, "%" PRId64, i);
	else
		buf_printf(out, "%.17g", d);
}

void
json_print(const struct json *v, struct buf *out)
{
	bool object = json_type(v) == JSON_OBJECT;
	const struct json *c;

	switch (json_type(v)) {
	case JSON_STRING:
		json_quote(out, json_string(v), strlen(json_string(v)));
		return;
	case JSON_NUMBER:
		print_number(v, out);
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_puts(out, json_type(v) == JSON_TRUE ? "true" : "false");
		return;
	case JSON_NULL:
		buf_puts(out, "null");
		return;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	buf_putc(out, object ? '{' : '[');
	for (c = json_first(v); c != NULL; c = json_next(c)) {
		if (c != json_first(v))
			buf_putc(out, ',');
		if (object) {
			json_quote(out, json_name(c), strlen(json_name(c)));
			buf_putc(out, ':');
		}
		json_print(c, out);
	}
	buf_putc(out, object ? '}' : ']');
}
