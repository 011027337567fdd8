/* openai:NAME, Chat Completions and everything that speaks it. */
#include <string.h>

#include "base/mem.h"
#include "model/provider.h"
#include "model/raw.h"
#include "model/remote.h"
#include "model/request.h"

struct openai {
	struct remote remote;
	char *key, *organization, *project; /* whole headers; or NULL */
};

static void
close_openai(void *state)
{
	struct openai *s = state;

	remote_close(&s->remote);
	if (s->key != NULL)
		mem_wipe(s->key, strlen(s->key));
	free(s->key);
	free(s->organization);
	free(s->project);
	free(s);
}

static char *
header(const char *name, const char *value)
{
	return value == NULL ? NULL : mem_printf("%s%s", name, value);
}

static int
open_openai(const char *name, void **state, struct err *e)
{
	struct openai *s = mem_new(1, sizeof(*s));
	const char *key;

	(void)name;
	if (remote_open(&s->remote, "OPENAI_BASE_URL",
		"https://api.openai.com/v1", "OPENAI_API_KEY", NULL, e) < 0) {
		close_openai(s);
		return -1;
	}
	key = s->remote.keys[0].value;
	/* Servers on one's own machine want any key that is not empty. */
	s->key = header("Authorization: Bearer ", key == NULL ? "none" : key);
	s->organization =
	    header("OpenAI-Organization: ", environment("OPENAI_ORG_ID"));
	s->project =
	    header("OpenAI-Project: ", environment("OPENAI_PROJECT_ID"));
	*state = s;
	return 0;
}

static void
write_calls(struct jsonw *w, struct slice calls)
{
	struct past_call c CLEANUP(past_call_free) = {0};
	size_t at = 0;

	jsonw_array(w, "tool_calls");
	while (past_call_next(calls, &at, &c) == 1) {
		jsonw_object(w, NULL);
		jsonw_raw(w, "id", c.id.data, c.id.len);
		jsonw_string(w, "type", "function");
		jsonw_object(w, "function");
		jsonw_text(w, "name", buf_str(&c.name), c.name.len);
		jsonw_text(
		    w, "arguments", buf_str(&c.arguments), c.arguments.len);
		jsonw_end(w, '}');
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
write_message(struct jsonw *w, const struct message *m)
{
	jsonw_object(w, NULL);
	jsonw_raw(w, "role", m->role_name.data, m->role_name.len);
	if (m->content.len > 0)
		jsonw_raw(w, "content", m->content.data, m->content.len);
	else if (m->calls.len > 0)
		jsonw_null(w, "content");
	else
		jsonw_string(w, "content", "");
	if (m->calls.len > 0)
		write_calls(w, m->calls);
	if (m->call_id.len > 0)
		jsonw_raw(w, "tool_call_id", m->call_id.data, m->call_id.len);
	jsonw_end(w, '}');
}

static int
write_messages(struct jsonw *w, const struct request *q, struct err *e)
{
	struct message m;
	size_t at = 0;
	int got;

	jsonw_array(w, "messages");
	while ((got = request_next(q, &at, &m, e)) == 1)
		write_message(w, &m);
	jsonw_end(w, ']');
	return got;
}

static int
wire_openai(const void *state, const char *name, struct slice text,
    const struct model_options *o, struct buf *out, struct err *e)
{
	const struct openai *s = state;
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {&body, false};
	struct request q;

	if (request_parse(text, &q, e) < 0)
		return -1;
	buf_reserve(&body, text.len + 256);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "model", name);
	if (write_messages(&w, &q, e) < 0)
		return -1;
	if (q.tools.len > 2)
		jsonw_raw(&w, "tools", q.tools.data, q.tools.len);
	/* Compatible servers know the older name only. */
	if (o->max_tokens > 0)
		jsonw_integer(&w,
		    s->remote.custom ? "max_tokens" : "max_completion_tokens",
		    o->max_tokens);
	if (write_sampling(&w, o, e) < 0)
		return -1;
	jsonw_bool(&w, "stream", true);
	jsonw_object(&w, "stream_options");
	jsonw_bool(&w, "include_usage", true);
	jsonw_end(&w, '}');
	jsonw_end(&w, '}');
	buf_add(out, body.data, body.len);
	return 0;
}

static int
call_openai(void *state, const char *name, struct slice request,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	struct openai *s = state;
	struct buf body CLEANUP_BUF = {0};
	const char *headers[4] = {NULL};
	size_t n = 0;

	if (wire_openai(s, name, request, o, &body, e) < 0)
		return -1;
	headers[n++] = s->key;
	if (s->organization != NULL)
		headers[n++] = s->organization;
	if (s->project != NULL)
		headers[n++] = s->project;
	return remote_call(&s->remote, &protocol_openai, headers,
	    (struct slice){body.data, body.len}, o, out, e);
}

const struct provider provider_openai = {
    "openai", open_openai, close_openai, wire_openai, call_openai};
