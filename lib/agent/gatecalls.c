#include "agent/gatecalls.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

struct calls {
	const struct gate_rule *rule;
	char *call; /* the last one that the rule is about; owned */
	int64_t seq;
	char *status; /* of its result; owned; NULL: none yet */
};

static void
calls_free(struct calls *c)
{
	free(c->call);
	free(c->status);
}

/* Is one of the arguments, or all of them, this text? */
static bool
has_argument(const char *text, const char *want)
{
	struct json *j CLEANUP_JSON = NULL;
	const struct json *v;
	struct err e;

	if (want == NULL)
		return true;
	if (text == NULL)
		return false;
	if (strcmp(text, want) == 0)
		return true;
	if (json_parse(text, strlen(text), &j, &e) < 0 ||
	    json_type(j) != JSON_OBJECT)
		return false;
	for (v = json_first(j); v != NULL; v = json_next(v))
		if (json_string(v) != NULL && strcmp(json_string(v), want) == 0)
			return true;
	return false;
}

static int
look_at(void *arg, const struct record *rec, struct err *e)
{
	struct json *j CLEANUP_JSON = NULL;
	struct calls *c = arg;
	const char *call, *tool;

	if ((rec->type != RECORD_TOOL_CALL &&
		rec->type != RECORD_TOOL_RESULT) ||
	    record_redacted(rec))
		return 0;
	if (json_parse(rec->body.data, rec->body.len, &j, e) < 0)
		return -1;
	call = json_get_string(j, "call");
	tool = json_get_string(j, "tool");
	if (call == NULL)
		return 0;
	if (rec->type == RECORD_TOOL_RESULT) {
		if (c->call != NULL && strcmp(c->call, call) == 0) {
			free(c->status);
			c->status = mem_strdup(json_get_string(j, "status"));
		}
	} else if (tool != NULL && strcmp(tool, c->rule->word) == 0 &&
		   has_argument(
		       json_get_string(j, "arguments"), c->rule->argument)) {
		calls_free(c);
		c->call = mem_strdup(call);
		c->status = NULL;
		c->seq = rec->seq;
	}
	return 0;
}

int
gate_judge_call(const struct gate_rule *r, const struct gate_subject *s,
    struct gate_verdict *v, struct err *e)
{
	struct calls c CLEANUP(calls_free) = {.rule = r};
	struct past_each each = {look_at, &c};

	if (ckpt_records(s->chain, &each, e) < 0)
		return -1;
	v->holds = c.status != NULL && strcmp(c.status, "ok") == 0;
	if (c.call == NULL)
		buf_puts(&v->found, "there was no such call");
	else
		buf_printf(&v->found, "the last one, record %" PRId64 ", %s%s",
		    c.seq, c.status == NULL ? "has no result" : "ended: ",
		    c.status == NULL ? "" : c.status);
	return 0;
}
