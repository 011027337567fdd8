#include "agent/message.h"

#include <string.h>

#include "base/jsonw.h"

void
message_plain(struct buf *out, const char *role, struct slice content)
{
	struct jsonw w = {.out = out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "role", role);
	jsonw_raw(&w, "content", content.data, content.len);
	jsonw_end(&w, '}');
}

void
message_assistant(struct buf *out, struct slice content, struct slice calls,
    struct slice provider)
{
	struct jsonw w = {.out = out};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "role", "assistant");
	jsonw_raw(&w, "content", content.data, content.len);
	if (calls.len > 2)
		jsonw_raw(&w, "tool_calls", calls.data, calls.len);
	if (provider.len > 0)
		jsonw_raw(&w, "provider", provider.data, provider.len);
	jsonw_end(&w, '}');
}

/* A status other than ok stands before the text, so that no tool's output can
 * pass for it. */
void
message_tool(struct buf *out, const char *model_id, const char *status,
    struct slice content)
{
	struct jsonw w = {.out = out};
	struct buf token CLEANUP_BUF = {0};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "role", "tool");
	jsonw_string(&w, "tool_call_id", model_id);
	if (strcmp(status, "ok") != 0) {
		buf_printf(
		    &token, "\"[%s]%s", status, content.len > 2 ? "\\n" : "");
		buf_add(&token, content.data + 1, content.len - 1);
		content = (struct slice){token.data, token.len};
	}
	jsonw_raw(&w, "content", content.data, content.len);
	jsonw_end(&w, '}');
}

void
message_mail(struct buf *content, const char *head, struct slice text,
    struct slice parts)
{
	struct jsonw w = {.out = content};
	struct buf token CLEANUP_BUF = {0};

	json_quote(&token, head, strlen(head));
	buf_cut(&token, token.len - 1);
	buf_puts(&token, text.len > 2 ? "\\n" : "");
	buf_add(&token, text.data + 1, text.len - 1);
	if (parts.len <= 2) {
		buf_add(content, token.data, token.len);
		return;
	}
	jsonw_array(&w, NULL);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "type", "text");
	jsonw_raw(&w, "text", token.data, token.len);
	jsonw_end(&w, '}');
	buf_putc(content, ',');
	buf_add(content, parts.data + 1, parts.len - 1);
}
