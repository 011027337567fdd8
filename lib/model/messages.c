#include "model/messages.h"

#include <string.h>

#include "model/raw.h"

/* One message being put together from consecutive ones of the same side. */
struct turn {
	bool assistant;
	struct buf results; /* tool_result blocks, which go first */
	struct buf blocks;
};

static void
turn_free(struct turn *t)
{
	buf_free(&t->results);
	buf_free(&t->blocks);
}

/* Is there nothing to see in this JSON string?  The API refuses such text. */
static bool
is_blank(struct slice token)
{
	size_t i;

	for (i = 1; i + 1 < token.len; i++) {
		if (token.data[i] == ' ')
			continue;
		if (token.data[i] != '\\' ||
		    strchr("nrt", token.data[i + 1]) == NULL)
			return false;
		i++;
	}
	return true;
}

static void
text_block(struct jsonw *w, struct slice token)
{
	if (!raw_is(token, '"') || is_blank(token))
		return;
	jsonw_object(w, NULL);
	jsonw_string(w, "type", "text");
	jsonw_raw(w, "text", token.data, token.len);
	jsonw_end(w, '}');
}

/* "data:image/png;base64,…" is sent as it is; other URLs are fetched by the
 * API. */
static void
write_source(struct jsonw *w, const struct buf *url)
{
	const char *s = buf_str(url), *comma = strchr(s, ',');
	const char *mark = strstr(s, ";base64,");

	jsonw_object(w, "source");
	if (strncmp(s, "data:", 5) == 0 && mark != NULL &&
	    mark + strlen(";base64") == comma) {
		jsonw_string(w, "type", "base64");
		jsonw_text(w, "media_type", s + 5, (size_t)(mark - s) - 5);
		jsonw_string(w, "data", comma + 1);
	} else {
		jsonw_string(w, "type", "url");
		jsonw_string(w, "url", s);
	}
	jsonw_end(w, '}');
}

static int
image_block(struct jsonw *w, struct slice part, struct err *e)
{
	struct buf url CLEANUP_BUF = {0};
	struct slice image;

	if (!raw_get(part, "image_url", &image) ||
	    !raw_string(image, "url", &url))
		return err_set(
		    e, EX_DATAERR, 0, "the request: an image has no URL");
	jsonw_object(w, NULL);
	jsonw_string(w, "type", "image");
	write_source(w, &url);
	jsonw_end(w, '}');
	return 0;
}

/* A content, text or parts, as blocks. */
static int
content_blocks(struct jsonw *w, struct slice content, struct err *e)
{
	struct slice part, text;
	size_t at = 0;

	if (raw_is(content, '"'))
		text_block(w, content);
	if (!raw_is(content, '['))
		return 0;
	while (json_raw_next(content, &at, &part) == 1) {
		if (raw_equal(part, "type", "text")) {
			if (raw_get(part, "text", &text))
				text_block(w, text);
		} else if (raw_equal(part, "type", "image_url")) {
			if (image_block(w, part, e) < 0)
				return -1;
		} else {
			return err_set(e, EX_DATAERR, 0,
			    "the request: a part is neither text nor image");
		}
	}
	return 0;
}

static void
write_id(struct jsonw *w, const char *key, struct slice token)
{
	struct buf id CLEANUP_BUF = {0}, plain CLEANUP_BUF = {0};

	json_unquote(&id, token);
	plain_name(&plain, buf_str(&id));
	jsonw_text(w, key, buf_str(&plain), plain.len);
}

static int
result_block(struct turn *t, const struct message *m, struct err *e)
{
	struct jsonw w = {&t->results, t->results.len > 0};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "type", "tool_result");
	write_id(&w, "tool_use_id", m->call_id);
	if (raw_is(m->content, '"')) {
		if (!is_blank(m->content))
			jsonw_raw(
			    &w, "content", m->content.data, m->content.len);
	} else if (raw_is(m->content, '[')) {
		jsonw_array(&w, "content");
		if (content_blocks(&w, m->content, e) < 0)
			return -1;
		jsonw_end(&w, ']');
	}
	jsonw_end(&w, '}');
	return 0;
}

/* The blocks that this API gave for the message, if it was this one. */
static bool
own_blocks(struct jsonw *w, struct slice provider)
{
	struct slice blocks, block;
	size_t at = 0;

	if (!raw_get(provider, "anthropic", &blocks) || !raw_is(blocks, '['))
		return false;
	while (json_raw_next(blocks, &at, &block) == 1)
		jsonw_raw(w, NULL, block.data, block.len);
	return true;
}

static int
assistant_blocks(struct turn *t, const struct message *m, struct err *e)
{
	struct jsonw w = {&t->blocks, t->blocks.len > 0};
	struct past_call c CLEANUP(past_call_free) = {0};
	size_t at = 0;

	if (m->provider.len > 0 && own_blocks(&w, m->provider))
		return 0;
	if (content_blocks(&w, m->content, e) < 0)
		return -1;
	while (m->calls.len > 0 && past_call_next(m->calls, &at, &c) == 1) {
		jsonw_object(&w, NULL);
		jsonw_string(&w, "type", "tool_use");
		write_id(&w, "id", c.id);
		jsonw_text(&w, "name", buf_str(&c.name), c.name.len);
		jsonw_raw(&w, "input", c.arguments.data, c.arguments.len);
		jsonw_end(&w, '}');
	}
	return 0;
}

static void
flush(struct jsonw *w, struct turn *t)
{
	if (t->results.len > 0 || t->blocks.len > 0) {
		jsonw_object(w, NULL);
		jsonw_string(w, "role", t->assistant ? "assistant" : "user");
		jsonw_array(w, "content");
		if (t->results.len > 0)
			jsonw_raw(w, NULL, t->results.data, t->results.len);
		if (t->blocks.len > 0)
			jsonw_raw(w, NULL, t->blocks.data, t->blocks.len);
		jsonw_end(w, ']');
		jsonw_end(w, '}');
	}
	buf_clear(&t->results);
	buf_clear(&t->blocks);
}

static int
add_message(
    struct jsonw *w, struct turn *t, const struct message *m, struct err *e)
{
	struct jsonw blocks;

	if (m->role == ROLE_SYSTEM)
		return 0;
	if (t->assistant != (m->role == ROLE_ASSISTANT)) {
		flush(w, t);
		t->assistant = m->role == ROLE_ASSISTANT;
	}
	if (m->role == ROLE_ASSISTANT)
		return assistant_blocks(t, m, e);
	if (m->role == ROLE_TOOL)
		return result_block(t, m, e);
	blocks = (struct jsonw){&t->blocks, t->blocks.len > 0};
	return content_blocks(&blocks, m->content, e);
}

/* All system messages, wherever they stand, as one text. */
static int
write_system(struct jsonw *w, const struct request *q, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct message m;
	struct slice part;
	size_t at = 0, p;
	int got;

	while ((got = request_next(q, &at, &m, e)) == 1) {
		if (m.role != ROLE_SYSTEM || m.content.len == 0)
			continue;
		if (text.len > 0)
			buf_puts(&text, "\n\n");
		if (raw_is(m.content, '"'))
			json_unquote(&text, m.content);
		p = 0;
		while (raw_is(m.content, '[') &&
		       json_raw_next(m.content, &p, &part) == 1)
			(void)raw_string(part, "text", &text);
	}
	if (got == 0 && text.len > 0)
		jsonw_text(w, "system", text.data, text.len);
	return got;
}

int
messages_write(struct jsonw *w, const struct request *q, struct err *e)
{
	struct turn t CLEANUP(turn_free) = {0};
	struct message m;
	size_t at = 0;
	int got;

	if (write_system(w, q, e) < 0)
		return -1;
	jsonw_array(w, "messages");
	while ((got = request_next(q, &at, &m, e)) == 1)
		if (add_message(w, &t, &m, e) < 0)
			return -1;
	flush(w, &t);
	jsonw_end(w, ']');
	return got;
}

void
messages_tools(struct jsonw *w, struct slice tools)
{
	struct slice tool, f, v;
	size_t at = 0;
	bool any = false;

	while (tools.len > 0 && json_raw_next(tools, &at, &tool) == 1) {
		if (!raw_get(tool, "function", &f))
			continue;
		if (!any)
			jsonw_array(w, "tools");
		any = true;
		jsonw_object(w, NULL);
		if (raw_get(f, "name", &v))
			jsonw_raw(w, "name", v.data, v.len);
		if (raw_get(f, "description", &v))
			jsonw_raw(w, "description", v.data, v.len);
		if (raw_get(f, "parameters", &v))
			jsonw_raw(w, "input_schema", v.data, v.len);
		else
			jsonw_raw(
			    w, "input_schema", "{\"type\":\"object\"}", 17);
		jsonw_end(w, '}');
	}
	if (any)
		jsonw_end(w, ']');
}
