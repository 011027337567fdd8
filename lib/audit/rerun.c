#include "audit/rerun.h"

#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/mem.h"
#include "tool/tool.h"

/* A call that may be made again, and what came of it. */
struct again {
	int64_t seq;
	char *call, *tool, *arguments;
	bool done; /* its result is known: */
	struct digest text;
	char *status;
};

struct rerunning {
	struct tool_table tools;
	struct again *list;
	size_t count, cap;
	int64_t stale;
};

static void
again_free(struct again *a)
{
	free(a->call);
	free(a->tool);
	free(a->arguments);
	free(a->status);
}

/* ---- which ----------------------------------------------------------------------------------- */

/* The files may be others from here on. */
static void
forget(struct rerunning *r)
{
	while (r->count > 0) {
		again_free(&r->list[--r->count]);
		r->stale++;
	}
}

static void
take_call(
    struct rerunning *r, const struct record *rec, const struct json *body)
{
	const char *effect = json_get_string(body, "effect");
	const char *name = json_get_string(body, "tool");
	const char *call = json_get_string(body, "call");
	const char *arguments = json_get_string(body, "arguments");
	const char *verdict =
	    json_get_string(json_get(body, "decision"), "verdict");
	const struct tool *t = name == NULL ? NULL : tool_find(&r->tools, name);

	if (verdict == NULL || strcmp(verdict, "allow") != 0 || effect == NULL)
		return;
	if (strcmp(effect, "none") != 0) {
		forget(r);
		return;
	}
	if (t == NULL || t->kind != TOOL_INSIDE || call == NULL ||
	    arguments == NULL)
		return;
	mem_room(&r->list, r->count, &r->cap, sizeof(*r->list));
	r->list[r->count++] = (struct again){.seq = rec->seq,
	    .call = mem_strdup(call),
	    .tool = mem_strdup(name),
	    .arguments = mem_strdup(arguments)};
}

static void
take_result(struct rerunning *r, const struct json *body)
{
	const char *call = json_get_string(body, "call");
	const char *status = json_get_string(body, "status");
	const char *text = json_get_string(body, "text");
	size_t i = r->count;

	while (
	    i > 0 && (call == NULL || strcmp(r->list[i - 1].call, call) != 0))
		i--;
	if (i == 0 || r->list[i - 1].done || status == NULL || text == NULL)
		return;
	r->list[i - 1].done = true;
	r->list[i - 1].status = mem_strdup(status);
	digest_of(text, strlen(text), &r->list[i - 1].text);
}

static int
look(void *arg, const struct record *rec, struct err *e)
{
	struct json *body CLEANUP_JSON = NULL;
	struct rerunning *r = arg;

	if (rec->type == RECORD_RESTORE || rec->type == RECORD_JOIN ||
	    rec->type == RECORD_BORN)
		forget(r);
	if ((rec->type != RECORD_TOOL_CALL &&
		rec->type != RECORD_TOOL_RESULT) ||
	    record_redacted(rec))
		return 0;
	if (json_parse(rec->body.data, rec->body.len, &body, e) < 0)
		return -1;
	if (rec->type == RECORD_TOOL_CALL)
		take_call(r, rec, body);
	else
		take_result(r, body);
	return 0;
}

/* ---- again ------------------------------------------------------------------------------------ */

static int
make(const struct tool *t, const struct json *args,
    const struct tool_context *ctx, struct tool_result *out, struct err *e)
{
	struct tool_run run, *runs[1] = {&run};

	if (tool_start(t, args, ctx, false, &run, e) < 0)
		return -1;
	if (tool_poll(runs, 1, -1, e) < 0) {
		tool_cancel(&run);
		return -1;
	}
	tool_finish(&run, out);
	return 0;
}

/* 1: it is the same; 0: not; -1: it cannot be made now. */
static int
compare(struct rerunning *r, const struct again *a, struct tool_context *ctx)
{
	const struct tool *t = tool_find(&r->tools, a->tool);
	struct json *args CLEANUP_JSON = NULL;
	struct decision decision;
	struct tool_result res;
	struct digest text;
	struct err e;
	bool same;

	ctx->text = (struct slice){a->arguments, strlen(a->arguments)};
	if (json_parse(ctx->text.data, ctx->text.len, &args, &e) < 0 ||
	    schema_check(t->schema, args, &e) < 0)
		return -1;
	tool_decide(t, args, ctx, &decision);
	if (decision.verdict != GRANT_ALLOW)
		return -1;
	tool_result_init(&res);
	if (make(t, args, ctx, &res, &e) < 0)
		return -1;
	digest_of(res.text.data, res.text.len, &text);
	same = digest_equal(&text, &a->text) &&
	       strcmp(a->status, tool_status_name(res.status)) == 0;
	tool_result_free(&res);
	return same;
}

static void
compare_all(
    struct rerunning *r, struct tool_context *ctx, struct rerun_result *out)
{
	size_t i;
	int got;

	for (i = 0; i < r->count; i++) {
		if (!r->list[i].done)
			continue;
		got = compare(r, &r->list[i], ctx);
		if (got < 0)
			out->stale++;
		else if (got == 1)
			out->same++;
		else if (out->differ++ == 0)
			out->first = r->list[i].seq;
	}
}

static int
run_again(struct source *s, struct launcher *l, struct rerunning *r,
    struct rerun_result *out, struct err *e)
{
	const struct info *info = &s->history.info;
	char *work CLEANUP_FREE =
	    info->workspace != NULL
		? mem_strdup(info->workspace)
		: mem_printf("%s/agents/%s/work", s->root->path, s->id);
	struct stat st;
	struct state state;
	struct tool_context ctx;

	if (stat(work, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(
		    e, EX_NOINPUT, 0, "the workspace '%s' is not there", work);
	if (source_state(s, 0, &state, e) < 0)
		return -1;
	ctx = (struct tool_context){.launcher = l,
	    .policy = &state.policy,
	    .workspace = work,
	    .hidden = s->root->path,
	    .now = state.time,
	    .labels = state.labels,
	    .files = &state.files};
	compare_all(r, &ctx, out);
	state_free(&state);
	return 0;
}

int
rerun(struct source *s, struct launcher *l, struct rerun_result *out,
    struct err *e)
{
	struct rerunning r = {0};
	struct past_each each = {look, &r};
	int got;

	*out = (struct rerun_result){0};
	tool_table_init(&r.tools);
	got = source_each(s, INT64_MAX, &each, e);
	if (got == 0 && !s->live)
		forget(&r);
	if (got == 0 && r.count > 0)
		got = run_again(s, l, &r, out, e);
	out->stale += r.stale;
	r.stale = 0;
	forget(&r);
	free(r.list);
	tool_table_free(&r.tools);
	return got;
}
