/* A conversation, for people and for programs. */
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/jsonw.h"
#include "base/mem.h"
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

/* ---- two of them ------------------------------------------------------------------------- */

static struct slice *
elements(const struct buf *convo, struct buf *room, size_t *count)
{
	struct slice *all = NULL, one, array;
	size_t n = 0, cap = 0, at = 0;

	buf_putc(room, '[');
	buf_add(room, convo->data, convo->len);
	buf_putc(room, ']');
	array = (struct slice){room->data, room->len};
	while (json_raw_next(array, &at, &one) == 1) {
		mem_room(&all, n, &cap, sizeof(*all));
		all[n++] = one;
	}
	*count = n;
	return all;
}

/* Messages [from, to) by role: ", 2 assistant added", and "assistant":2. */
static void
roles(struct buf *json, const struct slice *all, size_t from, size_t to,
    const char *what, struct buf *text)
{
	static const char *const names[] = {
	    "system", "user", "assistant", "tool"};
	struct jsonw w = {.out = json, .comma = json->len > 1};
	int64_t count[COUNT_OF(names)] = {0};
	struct slice role;
	size_t i, k;

	for (i = from; i < to; i++)
		for (k = 0; k < COUNT_OF(names); k++)
			if (json_raw(all[i], "role", &role) == 0 &&
			    role.len == strlen(names[k]) + 2 &&
			    memcmp(role.data + 1, names[k], role.len - 2) == 0)
				count[k]++;
	jsonw_object(&w, what);
	for (k = 0; k < COUNT_OF(names); k++) {
		if (count[k] == 0)
			continue;
		jsonw_integer(&w, names[k], count[k]);
		buf_printf(
		    text, ", %" PRId64 " %s %s", count[k], names[k], what);
	}
	jsonw_end(&w, '}');
}

void
ckptmessages_compare(const struct buf *a, const struct buf *b, struct buf *json,
    struct buf *text)
{
	struct buf room_a CLEANUP_BUF = {0}, room_b CLEANUP_BUF = {0};
	size_t n, m, same = 0;
	struct slice *x CLEANUP_FREE = elements(a, &room_a, &n);
	struct slice *y CLEANUP_FREE = elements(b, &room_b, &m);

	while (same < n && same < m && x[same].len == y[same].len &&
	       memcmp(x[same].data, y[same].data, x[same].len) == 0)
		same++;
	buf_putc(json, '{');
	roles(json, x, same, n, "removed", text);
	roles(json, y, same, m, "added", text);
	buf_putc(json, '}');
}
