#include "model/request.h"

#include <ctype.h>
#include <string.h>

#include "model/raw.h"

static int
bad_request(struct err *e, const char *why)
{
	return err_set(e, EX_DATAERR, 0, "the request: %s", why);
}

int
request_parse(struct slice text, struct request *out, struct err *e)
{
	struct request q = {0};

	if (json_check(text.data, text.len, e) < 0)
		return err_wrap(e, "the request");
	if (!raw_get(text, "messages", &q.messages) || !raw_is(q.messages, '['))
		return bad_request(e, "it has no array 'messages'");
	if (raw_get(text, "tools", &q.tools) && !raw_is(q.tools, '['))
		return bad_request(e, "'tools' is no array");
	*out = q;
	return 0;
}

static bool
find_role(struct slice m, enum role *out)
{
	static const struct {
		const char *name;
		enum role role;
	} all[] = {
	    {"system", ROLE_SYSTEM},
	    {"developer", ROLE_SYSTEM},
	    {"user", ROLE_USER},
	    {"assistant", ROLE_ASSISTANT},
	    {"tool", ROLE_TOOL},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(all); i++)
		if (raw_equal(m, "role", all[i].name)) {
			*out = all[i].role;
			return true;
		}
	return false;
}

int
request_next(
    const struct request *q, size_t *at, struct message *out, struct err *e)
{
	struct message m = {0};
	struct slice raw;

	if (json_raw_next(q->messages, at, &raw) == 0)
		return 0;
	if (!find_role(raw, &m.role))
		return bad_request(e, "a message has no known role");
	(void)raw_get(raw, "role", &m.role_name);
	if (raw_get(raw, "content", &m.content) && !raw_is(m.content, '"') &&
	    !raw_is(m.content, '['))
		return bad_request(e, "a content is neither text nor parts");
	if (m.role == ROLE_ASSISTANT) {
		(void)raw_get(raw, "provider", &m.provider);
		if (raw_get(raw, "tool_calls", &m.calls) &&
		    !raw_is(m.calls, '['))
			return bad_request(e, "'tool_calls' is no array");
		if (m.calls.len > 0 &&
		    json_raw_next(m.calls, &(size_t){0}, &raw) == 0)
			m.calls.len = 0; /* providers refuse an empty one */
	}
	if (m.role == ROLE_TOOL && (!raw_get(raw, "tool_call_id", &m.call_id) ||
				       !raw_is(m.call_id, '"')))
		return bad_request(e, "a result has no 'tool_call_id'");
	*out = m;
	return 1;
}

void
plain_name(struct buf *b, const char *text)
{
	size_t i;
	char c;

	for (i = 0; text[i] != '\0' && i < 64; i++) {
		c = text[i];
		buf_putc(b, isalnum((unsigned char)c) || c == '_' || c == '-'
				? c
				: '_');
	}
	if (i == 0)
		buf_putc(b, '_');
}

int
past_call_next(struct slice calls, size_t *at, struct past_call *c)
{
	struct slice raw, function;
	struct buf name CLEANUP_BUF = {0};

	buf_clear(&c->name);
	buf_clear(&c->arguments);
	if (json_raw_next(calls, at, &raw) == 0)
		return 0;
	if (!raw_get(raw, "id", &c->id) || !raw_is(c->id, '"'))
		c->id = (struct slice){"\"\"", 2};
	if (raw_get(raw, "function", &function)) {
		(void)raw_string(function, "name", &name);
		(void)raw_string(function, "arguments", &c->arguments);
	}
	plain_name(&c->name, buf_str(&name));
	if (!raw_object(buf_str(&c->arguments), c->arguments.len)) {
		buf_clear(&c->arguments);
		buf_puts(&c->arguments, "{}");
	}
	return 1;
}

void
past_call_free(struct past_call *c)
{
	buf_free(&c->name);
	buf_free(&c->arguments);
}

int
write_sampling(struct jsonw *w, const struct model_options *o, struct err *e)
{
	const char *t = o->temperature;
	struct err why;

	if (t == NULL)
		return 0;
	if ((*t != '-' && !isdigit((unsigned char)*t)) ||
	    json_check(t, strlen(t), &why) < 0)
		return err_set(
		    e, EX_USAGE, 0, "the temperature '%.40s' is no number", t);
	jsonw_raw(w, "temperature", t, strlen(t));
	return 0;
}
