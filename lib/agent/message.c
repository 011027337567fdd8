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
