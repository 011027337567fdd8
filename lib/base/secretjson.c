/* Secrets in the strings of a JSON text. */
#include <string.h>

#include "base/jsontext.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/secret.h"

/* Behind the quote that ends the string at `at`. */
static size_t
string_end(struct slice json, size_t at)
{
	for (at++; at < json.len && json.data[at] != '"'; at++)
		if (json.data[at] == '\\')
			at++;
	return at < json.len ? at + 1 : json.len;
}

static bool
is_name(struct slice json, size_t end)
{
	while (end < json.len && strchr(" \t\r\n", json.data[end]) != NULL)
		end++;
	return end < json.len && json.data[end] == ':';
}

static void
put_string(const struct secrets *all, struct slice token, struct buf *out)
{
	struct buf text CLEANUP_BUF = {0};

	json_unquote(&text, token);
	if (!secrets_in(all, buf_str(&text), text.len)) {
		buf_add(out, token.data, token.len);
		return;
	}
	secrets_scrub_buf(all, &text);
	json_quote(out, buf_str(&text), text.len);
}

struct slice
secrets_scrub_json(
    const struct secrets *all, struct slice json, struct buf *room)
{
	struct slice token;
	size_t at = 0, end;

	/* Seen through one string more, the whole text tells. */
	if (!secrets_in(all, json.data, json.len))
		return json;
	buf_clear(room);
	while (at < json.len) {
		if (json.data[at] != '"') {
			buf_putc(room, json.data[at++]);
			continue;
		}
		end = string_end(json, at);
		token = (struct slice){json.data + at, end - at};
		if (is_name(json, end))
			buf_add(room, token.data, token.len);
		else
			put_string(all, token, room);
		at = end;
	}
	return (struct slice){buf_str(room), room->len};
}
