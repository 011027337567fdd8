/* Starting a call whose decision was allow: what it needs, its labels, and the
 * word to go that it may wait for. */
#include <sys/socket.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "tool/args.h"
#include "tool/exposure.h"
#include "tool/inside.h"
#include "tool/process.h"

#define LOOK_TIMEOUT (30 * CLOCK_SECOND)

/* What a call on `tool` needs besides its arguments. */
static int
call_init(struct call *c, const struct tool *tool, const struct json *arguments,
    const struct tool_context *ctx, struct exposure *x, struct view *view,
    struct err *e)
{
	size_t i;

	exposure_find(tool, arguments, ctx, x);
	*c = (struct call){.tool = tool,
	    .launcher = ctx->launcher,
	    .view = view,
	    .workspace = ctx->workspace,
	    .quarantine = ctx->quarantine,
	    .meter = ctx->meter,
	    .main = tool->main,
	    .prepares = tool->prepares,
	    .timeout = tool->timeout};
	if (view_compile(ctx->policy, ctx->workspace, ctx->hidden, tool->name,
		x->labels, ctx->now, view, e) < 0)
		return -1;
	for (i = 0; i < x->hidden_count; i++)
		view_hide(view, x->hidden[i]);
	return 0;
}

/* What a call changes has its labels. */
static void
watch_writes(const struct call *c, const struct json *arguments,
    const struct tool_context *ctx, const struct exposure *x, struct wrote *out)
{
	if (x->labels == 0)
		return;
	if (c->tool->prepares)
		wrote_one(out, c->view, ctx->workspace,
		    json_get_string(arguments, "path"));
	else if (c->tool->kind != TOOL_INSIDE)
		wrote_all(out, c->view, ctx->workspace);
}

void
tool_left(const struct tool *tool, const struct json *arguments,
    const struct tool_context *ctx, int64_t since, struct tool_result *out)
{
	struct exposure x CLEANUP(exposure_free) = {0};
	struct view view CLEANUP(view_free) = {0};
	struct wrote w = {0};
	struct call call;
	struct err e;

	if (call_init(&call, tool, arguments, ctx, &x, &view, &e) < 0)
		return;
	out->labels = x.labels;
	watch_writes(&call, arguments, ctx, &x, &w);
	wrote_forget(&w, since);
	wrote_find(&w, x.labels, &out->wrote);
	wrote_free(&w);
}

int
tool_start(const struct tool *tool, const struct json *arguments,
    const struct tool_context *ctx, bool held, struct tool_run *out,
    struct err *e)
{
	const char *const program[] = {tool->program, NULL};
	const char *const shell[] = {
	    "/bin/sh", "-c", json_get_string(arguments, "command"), NULL};
	struct buf text CLEANUP_BUF = {0};
	struct view view CLEANUP(view_free) = {0};
	struct exposure x CLEANUP(exposure_free) = {0};
	struct wrote written = {0};
	struct proxy_job job;
	struct tool_run run;
	struct call call;

	if (call_init(&call, tool, arguments, ctx, &x, &view, e) < 0)
		return -1;
	job = exposure_job(&x, tool, ctx);
	call.held = held;
	if (tool->kind != TOOL_INSIDE)
		call.net = &job;
	call.argument = ctx->text;
	if (call.argument.len == 0) {
		json_print(arguments, &text);
		call.argument = (struct slice){buf_str(&text), text.len};
	}
	if (tool->kind == TOOL_COMMAND) {
		call.argv = shell;
		call.timeout = json_get_integer(arguments, "timeout_s",
				   tool->timeout / CLOCK_SECOND) *
			       CLOCK_SECOND;
	} else if (tool->kind == TOOL_PROGRAM) {
		call.argv = program;
		view_add(&view, tool->program, VIEW_READ | VIEW_EXEC);
	} else if (tool->kind != TOOL_INSIDE) {
		return err_set(e, EX_SOFTWARE, 0,
		    "'%s' is not run in a sandbox", tool->name);
	}
	watch_writes(&call, arguments, ctx, &x, &written);
	if (call_start(&call, &run, e) < 0) {
		wrote_free(&written);
		return -1;
	}
	run.wrote = written;
	run.labels = x.labels;
	run.hidden = x.hidden_count;
	if (call.prepares)
		run_read_header(&run, clock_deadline(tool->timeout));
	if (call.prepares && !held && tool_go(&run, e) < 0) {
		tool_cancel(&run);
		return -1;
	}
	*out = run;
	return 0;
}

int
tool_go(struct tool_run *run, struct err *e)
{
	if (!run->held)
		return 0;
	run->held = false;
	run->started = clock_mono();
	if (!run->timed_out)
		run->deadline = clock_deadline(run->timeout);
	if (run->go >= 0) {
		/* One that failed already does not read it, and need not. */
		(void)send(run->go, "g", 1, MSG_NOSIGNAL);
		fd_cleanup(&run->go);
		return 0;
	}
	return spawn_go(&run->child, e);
}

int
tool_look(const struct tool *tool, const struct json *arguments,
    const struct tool_context *ctx, struct digest *now, bool *exists,
    struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	struct view view CLEANUP(view_free) = {0};
	struct exposure x CLEANUP(exposure_free) = {0};
	struct tool_result result;
	struct tool_run run;
	struct call call;
	bool known;

	if (call_init(&call, tool, arguments, ctx, &x, &view, e) < 0)
		return -1;
	json_print(arguments, &text);
	call.argument = (struct slice){buf_str(&text), text.len};
	call.main = inside_look;
	if (call_start(&call, &run, e) < 0)
		return -1;
	run_read_header(&run, clock_deadline(LOOK_TIMEOUT));
	known = run.prepared;
	if (known) {
		*now = run.before;
		*exists = run.existed;
	}
	tool_finish(&run, &result);
	if (!known)
		(void)err_set(e, EX_IOERR, 0, "cannot look at it: %s",
		    buf_str(&result.text));
	tool_result_free(&result);
	return known ? 0 : -1;
}
