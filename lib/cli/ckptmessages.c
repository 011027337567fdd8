/* A conversation, for people and for programs. */
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cli/ckptshow.h"

/* Foreign text stands behind a margin, so that it cannot pass for ours. */
static void
print_text(const char *text)
{
	const char *nl;

	for (; text != NULL && *text != '\0'; text = nl + (*nl == '\n')) {
		struct buf safe CLEANUP_BUF = {0};

		nl = strchrnul(text, '\n');
		utf8_safe(&safe, text, (size_t)(nl - text), false);
		printf("    %s\n", buf_str(&safe));
	}
}

/* "  call NAME ARGUMENTS". */
static void
print_calls(const struct json *message)
{
	const struct json *c, *f;
	const char *name, *arguments;

	for (c = json_first(json_get(message, "tool_calls")); c != NULL;
	     c = json_next(c)) {
		struct buf line CLEANUP_BUF = {0};

		f = json_get(c, "function");
		name = json_get_string(f, "name");
		arguments = json_get_string(f, "arguments");
		buf_printf(&line, "%s %s", name == NULL ? "?" : name,
		    arguments == NULL ? "" : arguments);
		show_line("  call ", buf_str(&line));
	}
}

/* Which tool a result is of: the last message with calls tells. */
static const char *
tool_of(const struct json *calls, const char *id)
{
	const struct json *c;
	const char *is, *name;

	for (c = json_first(json_get(calls, "tool_calls")); c != NULL;
	     c = json_next(c)) {
		is = json_get_string(c, "id");
		name = json_get_string(json_get(c, "function"), "name");
		if (id != NULL && is != NULL && strcmp(is, id) == 0 &&
		    name != NULL)
			return name;
	}
	return "";
}

static int
print_message(struct slice text, struct json **calls, struct err *e)
{
	struct json *m CLEANUP_JSON = NULL;
	struct buf who CLEANUP_BUF = {0};
	const char *role;

	if (json_parse(text.data, text.len, &m, e) < 0)
		return -1;
	role = json_get_string(m, "role");
	buf_puts(&who, role == NULL ? "?" : role);
	if (role != NULL && strcmp(role, "tool") == 0)
		buf_printf(&who, " %s",
		    tool_of(*calls, json_get_string(m, "tool_call_id")));
	show_line("", buf_str(&who));
	print_text(json_get_string(m, "content"));
	print_calls(m);
	if (json_get(m, "tool_calls") != NULL) {
		json_free(*calls);
		*calls = m;
		m = NULL;
	}
	return 0;
}

static int
print_all(struct slice array, bool json, struct err *e)
{
	struct json *calls CLEANUP_JSON = NULL;
	struct slice one;
	size_t at = 0;

	while (json_raw_next(array, &at, &one) == 1)
		if (json)
			show_json(stdout, one.data, one.len);
		else if (print_message(one, &calls, e) < 0)
			return -1;
	return 0;
}

int
ckptshow_messages(struct chain *c, bool json, struct err *e)
{
	struct buf all CLEANUP_BUF = {0};
	struct state s;

	if (ckpt_state(c, &s, e) < 0)
		return -1;
	buf_putc(&all, '[');
	buf_add(&all, s.convo.data, s.convo.len);
	/* What was said while calls are open waits for their results. */
	if (s.convo.len > 0 && s.held.len > 0)
		buf_putc(&all, ',');
	buf_add(&all, s.held.data, s.held.len);
	buf_putc(&all, ']');
	state_free(&s);
	return print_all((struct slice){all.data, all.len}, json, e);
}
