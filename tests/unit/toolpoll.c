/* Several calls at once, in the real sandbox. */
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "tool/tool.h"

#include "tap.h"

struct world {
	struct tool_context ctx;
	struct policy policy;
	struct tool_table table;
	char *here;
};

static int
start(const struct world *w, const char *tool, const char *arguments, bool held,
    struct tool_run *run)
{
	struct json *args CLEANUP_JSON = NULL;
	struct err e = {0};

	if (json_parse(arguments, strlen(arguments), &args, &e) < 0 ||
	    tool_start(
		tool_find(&w->table, tool), args, &w->ctx, held, run, &e) < 0) {
		printf("# %s\n", e.msg);
		return -1;
	}
	return 0;
}

static int
command(
    const struct world *w, const char *text, bool held, struct tool_run *run)
{
	char *args CLEANUP_FREE = mem_printf("{\"command\":\"%s\"}", text);

	return start(w, "run_command", args, held, run);
}

/* The result's text is this, and its status ok. */
static bool
gives(struct tool_run *run, const char *text)
{
	struct tool_result r;
	bool good;

	tool_finish(run, &r);
	good = r.status == TOOL_OK && strcmp(buf_str(&r.text), text) == 0;
	if (!good)
		printf(
		    "# %s: %s\n", tool_status_name(r.status), buf_str(&r.text));
	tool_result_free(&r);
	return good;
}

static void
check_many(const struct world *w)
{
	struct tool_run a, b, *runs[] = {&a, NULL, &b};
	struct err e = {0};
	int i;

	if (command(w, "read x <gate; echo a", false, &a) < 0 ||
	    command(w, "echo b", false, &b) < 0) {
		ok(false, "two calls start");
		return;
	}
	ok(tool_poll(runs, COUNT_OF(runs), -1, &e) == 2 && gives(&b, "b\n"),
	    "of several calls the one that has ended is told");
	if (command(w, "head -c 3000000 /dev/zero; echo go >gate", false, &b) <
	    0)
		return;
	while (runs[0] != NULL || runs[2] != NULL) { /* either may be first */
		i = tool_poll(runs, COUNT_OF(runs), -1, &e);
		if (i < 0)
			break;
		if (i == 0)
			ok(gives(&a, "a\n"),
			    "a call that waits for another ends");
		else
			tool_cancel(&b);
		runs[i] = NULL;
	}
	ok(i >= 0 && b.out.bytes == 3000000, "and all that one wrote is read");
}

static void
check_stop(const struct world *w)
{
	struct tool_run run, *const runs[] = {&run};
	struct err e = {0};
	int stop[2];
	pid_t pid;

	if (pipe(stop) < 0 || command(w, "sleep 600", false, &run) < 0) {
		ok(false, "a call starts");
		return;
	}
	(void)file_write_all(stop[1], "x", 1, "stop", &e);
	ok(tool_poll(runs, 1, stop[0], &e) == -2,
	    "a readable stop descriptor ends the waiting");
	pid = run.child.pid;
	ok(kill(pid, 0) == 0, "and not the call");
	tool_cancel(&run);
	ok(kill(pid, 0) < 0, "cancelling ends the call");
	(void)close(stop[0]);
	(void)close(stop[1]);
}

static void
check_held(const struct world *w)
{
	struct tool_run run, *const runs[] = {&run};
	struct err e = {0};

	if (command(w, "touch started; echo done", true, &run) < 0) {
		ok(false, "a held call starts");
		return;
	}
	(void)usleep(200000);
	ok(run.child.pid > 0 && run.child.start > 0 &&
		access("work/started", F_OK) < 0,
	    "a held call has a process and has done nothing");
	ok(tool_go(&run, &e) == 0 && tool_poll(runs, 1, -1, &e) == 0 &&
		gives(&run, "done\n") && access("work/started", F_OK) == 0,
	    "once let go it runs");
	if (command(w, "touch never", true, &run) == 0)
		tool_cancel(&run);
	ok(access("work/never", F_OK) < 0,
	    "a held call that is cancelled never runs");
	if (start(w, "write_file", "{\"path\":\"f\",\"content\":\"x\"}", true,
		&run) == 0)
		ok(run.prepared && !run.existed && access("work/f", F_OK) < 0,
		    "one that prepares has told its digests and not written");
	ok(tool_go(&run, &e) == 0 && tool_poll(runs, 1, -1, &e) == 0 &&
		gives(&run, "wrote f, 1 bytes"),
	    "and then writes");
	if (start(w, "edit_file", "{\"path\":\"f\",\"old\":\"y\",\"new\":\"\"}",
		true, &run) == 0)
		ok(!run.prepared, "one that fails first has not prepared");
	(void)usleep(100000);
	ok(tool_go(&run, &e) == 0, "letting it go is harmless");
	(void)tool_poll(runs, 1, -1, &e);
	tool_cancel(&run);
}

int
main(void)
{
	struct world w = {.ctx = {.now = 0}};
	struct err e = {0};

	if (launcher_start(SANDBOX_STRICT, &w.ctx.launcher, &e) < 0) {
		ok(false, "there is a sandbox: %s", e.msg);
		return done();
	}
	(void)mkdir("work", 0755);
	w.here = realpath("work", NULL);
	policy_init(&w.policy);
	policy_add_base(&w.policy);
	policy_add_workspace(&w.policy);
	tool_table_init(&w.table);
	w.ctx.policy = &w.policy;
	w.ctx.workspace = w.here;
	w.ctx.now = clock_real();
	(void)mkfifo("work/gate", 0600);
	check_many(&w);
	check_stop(&w);
	check_held(&w);
	tool_table_free(&w.table);
	policy_free(&w.policy);
	launcher_stop(w.ctx.launcher);
	free(w.here);
	return done();
}
