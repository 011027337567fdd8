/* What is left of a body. */
#include <string.h>

#include "agent/redact.h"
#include "base/jsonw.h"

#define KEPT 14

/* Members that the fold needs: ids, numbers, words of ours.  Whatever is not
 * named here goes. */
static const char *const kept[RECORD_TYPES][KEPT] = {
    [RECORD_GOAL] = {"from", "command", "labels"},
    [RECORD_MODEL_REPLY] = {"call", "stop", "usage", "cost", "attempts"},
    [RECORD_TOOL_CALL] = {"call", "by", "tool", "effect", "before", "after"},
    [RECORD_TOOL_RESULT] = {"call", "by", "status", "exit", "labels", "wrote",
	"seconds", "unused", "unusable"},
    [RECORD_ASK] = {"request", "kind", "call", "tool", "effect", "digest",
	"deadline", "default", "grant"},
    [RECORD_ANSWER] = {"request", "verdict", "by", "command", "limits", "line"},
    [RECORD_COMMAND] = {"nonce", "verb", "expires", "status", "key"},
    [RECORD_MAIL] = {"mail", "kind", "from", "event", "labels", "child",
	"state", "status", "usage"},
    [RECORD_EXIT] = {"state", "status", "usage"},
};

bool
redact_takes(enum record_type t)
{
	return kept[t][0] != NULL;
}

static void
keep(struct jsonw *w, struct slice from, const char *const *keys, size_t n)
{
	struct slice v;
	size_t i;

	for (i = 0; i < n && keys[i] != NULL; i++)
		if (json_raw(from, keys[i], &v) == 0)
			jsonw_raw(w, keys[i], v.data, v.len);
}

/* Names and ids of the calls, without their arguments. */
static void
keep_calls(struct jsonw *w, struct slice body)
{
	static const char *const ids[] = {"id", "type"}, *const name[] = {
							     "name"};
	struct slice calls, one, fn;
	size_t at = 0;

	if (json_raw(body, "calls", &calls) < 0)
		return;
	jsonw_array(w, "calls");
	while (json_raw_next(calls, &at, &one) == 1) {
		jsonw_object(w, NULL);
		keep(w, one, ids, COUNT_OF(ids));
		jsonw_object(w, "function");
		if (json_raw(one, "function", &fn) == 0)
			keep(w, fn, name, COUNT_OF(name));
		jsonw_string(w, "arguments", "{}");
		jsonw_end(w, '}');
		jsonw_end(w, '}');
	}
	jsonw_end(w, ']');
}

static void
keep_decision(struct jsonw *w, struct slice body)
{
	static const char *const keys[] = {
	    "verdict", "grants", "reserved", "approval"};
	struct slice d;

	if (json_raw(body, "decision", &d) < 0)
		return;
	jsonw_object(w, "decision");
	keep(w, d, keys, COUNT_OF(keys));
	jsonw_end(w, '}');
}

void
redact_skeleton(enum record_type t, struct slice body, struct buf *out)
{
	struct jsonw w = {.out = out};
	struct slice v;

	jsonw_object(&w, NULL);
	keep(&w, body, kept[t], KEPT);
	if (t == RECORD_MODEL_REPLY) {
		keep_calls(&w, body);
		if (json_raw(body, "bad", &v) == 0)
			jsonw_string(&w, "bad", REDACT_TEXT);
	} else if (t == RECORD_TOOL_CALL) {
		keep_decision(&w, body);
	}
	if (t == RECORD_TOOL_CALL || t == RECORD_ASK)
		jsonw_string(&w, "arguments", "{}");
	if (json_raw(body, "text", &v) == 0)
		jsonw_string(&w, "text", REDACT_TEXT);
	jsonw_end(&w, '}');
}
