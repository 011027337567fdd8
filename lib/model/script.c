/* script:FILE, canned turns. */
#include "model/script.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/lines.h"
#include "model/provider.h"
#include "model/raw.h"
#include "model/reply.h"

static int
open_script(const char *name, void **state, struct err *e)
{
	struct lines *l = mem_new(1, sizeof(*l));

	l->fd = -1;
	if (lines_open(name, l, e) < 0 || lines_index(l, e) < 0) {
		lines_close(l);
		free(l);
		return err_wrap(e, "script");
	}
	*state = l;
	return 0;
}

static void
close_script(void *state)
{
	lines_close(state);
	free(state);
}

/* A misspelt member would make a test pass that tests nothing. */
static int
check_members(const struct json *turn, struct err *e)
{
	static const char *const known[] = {"content", "tool_calls", "usage",
	    "stop_reason", "delay", "bad", "error", "comment"};
	const struct json *m;
	size_t i;

	if (json_type(turn) != JSON_OBJECT)
		return err_set(e, EX_DATAERR, 0, "not an object");
	for (m = json_first(turn); m != NULL; m = json_next(m)) {
		for (i = 0; i < COUNT_OF(known); i++)
			if (strcmp(json_name(m), known[i]) == 0)
				break;
		if (i == COUNT_OF(known))
			return err_set(e, EX_DATAERR, 0,
			    "unknown member '%.64s'", json_name(m));
	}
	return 0;
}

static int
check_types(const struct json *turn, struct err *e)
{
	static const struct {
		const char *name;
		enum json_type type;
	} want[] = {
	    {"tool_calls", JSON_ARRAY},
	    {"usage", JSON_OBJECT},
	    {"stop_reason", JSON_STRING},
	    {"delay", JSON_STRING},
	    {"bad", JSON_STRING},
	    {"error", JSON_OBJECT},
	};
	const struct json *v, *c;
	size_t i;

	for (i = 0; i < COUNT_OF(want); i++) {
		v = json_get(turn, want[i].name);
		if (v != NULL && json_type(v) != want[i].type)
			return err_set(e, EX_DATAERR, 0,
			    "'%s' must be of type %s", want[i].name,
			    json_type_name(want[i].type));
	}
	v = json_get(turn, "tool_calls");
	for (c = json_first(v); c != NULL; c = json_next(c))
		if (json_get_string(c, "name") == NULL)
			return err_set(
			    e, EX_DATAERR, 0, "a tool call without a name");
	return 0;
}

static int
scripted_error(const struct json *error, struct err *e)
{
	const char *msg = json_get_string(error, "message");
	int64_t status = json_get_integer(error, "status", EX_UNAVAILABLE);

	if (status < 1 || status > 255)
		status = EX_UNAVAILABLE;
	return err_set(e, (int)status, 0, "%.400s",
	    msg == NULL ? "the script says so" : msg);
}

static void
name_calls(struct call_list *l, int64_t turn)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->items[i].id.len == 0)
			buf_printf(&l->items[i].id, "call_%" PRId64 "_%zu",
			    turn + 1, i + 1);
}

static void
take_turn(const struct json *turn, struct slice raw, int64_t number,
    const struct model_options *o, struct model_reply *out)
{
	struct call_list calls CLEANUP(call_list_free) = {0};
	const struct json *usage = json_get(turn, "usage");
	const char *stop = json_get_string(turn, "stop_reason");
	const char *bad = json_get_string(turn, "bad");

	out->usage.input = json_get_integer(usage, "input_tokens", 0);
	out->usage.output = json_get_integer(usage, "output_tokens", 0);
	out->usage.cached = json_get_integer(usage, "cached_tokens", 0);
	if (stop != NULL)
		out->stop = reply_stop(stop);
	reply_message(out, o, raw, &calls);
	name_calls(&calls, number);
	if (bad != NULL)
		reply_bad(out, "%s", *bad == '\0' ? "bad" : bad);
	reply_finish(out, &calls);
}

int
script_turn(struct slice line, int64_t number, const struct model_options *o,
    struct model_reply *out, struct err *e)
{
	struct json *turn CLEANUP_JSON = NULL;
	const char *delay;
	int64_t ns;

	if (json_parse(line.data, line.len, &turn, e) < 0 ||
	    check_members(turn, e) < 0 || check_types(turn, e) < 0)
		return -1;
	delay = json_get_string(turn, "delay");
	if (delay != NULL) {
		if (num_duration(delay, &ns) < 0)
			return err_set(e, EX_DATAERR, 0,
			    "'delay' is no length of time such as \"250ms\"");
		if (model_sleep(ns, o, e) < 0)
			return -1;
	}
	if (json_get(turn, "error") != NULL)
		return scripted_error(json_get(turn, "error"), e);
	take_turn(turn, line, number, o, out);
	return 0;
}

static int
call_script(void *state, const char *name, struct slice request,
    const struct model_options *o, struct model_reply *out, struct err *e)
{
	struct buf line CLEANUP_BUF = {0};
	const struct lines *l = state;
	int64_t turn = request_turn(request, o, e);
	size_t n = (size_t)turn;

	if (turn < 0)
		return -1;
	if (n >= l->count)
		return err_set(e, EX_NOINPUT, 0,
		    "the script has no more turns ('%s' has %zu)", name,
		    l->count);
	if (lines_get(l, n, &line, e) < 0)
		return -1;
	if (script_turn((struct slice){line.data, line.len}, turn, o, out, e) <
	    0)
		return e->status != EX_DATAERR
			   ? -1
			   : err_wrap(e, "%s:%zu", name, l->items[n].number);
	return 0;
}

const struct provider provider_script = {
    "script", open_script, close_script, NULL, call_script};
