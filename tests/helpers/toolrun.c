/*
 * toolrun POLICYFILE WORKSPACE TOOL JSON [TOOLSDIR]: one call of a tool, from
 * the check of its arguments to its result, printed as
 * {"verdict","why","status","exit","text"}.  With the environment variable
 * TOOLRUN_HELD the call is held first, and what a tool that prepares told is
 * printed too; TOOLRUN_HELD=look never lets it go and looks at the path.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "tool/tool.h"

#define POLICY_MOST ((size_t)1 << 20)

static void
fail(const struct err *e)
{
	fprintf(stderr, "toolrun: %s\n", e->msg);
	exit(e->status);
}

static void
read_policy(const char *file, struct policy *p)
{
	struct buf text CLEANUP_BUF = {0};
	struct err e = {0};

	policy_init(p);
	if (file_read(AT_FDCWD, file, POLICY_MOST, &text, &e) < 0 ||
	    policy_parse(p, buf_str(&text), text.len, file, &e) < 0)
		fail(&e);
	if (p->base)
		policy_add_base(p);
}

static void
print_digest(struct jsonw *w, const char *key, const struct digest *d)
{
	char hex[DIGEST_HEX + 1];

	digest_hex(d, hex);
	jsonw_string(w, key, hex);
}

/* Run until it has ended. */
static void
run(const struct tool *t, const struct json *args,
    const struct tool_context *ctx, struct jsonw *w, struct tool_result *result)
{
	const char *held = getenv("TOOLRUN_HELD");
	struct tool_run r, *const runs[] = {&r};
	struct digest now;
	struct err e = {0};
	bool exists;

	if (tool_start(t, args, ctx, held != NULL, &r, &e) < 0)
		fail(&e);
	if (held != NULL && r.prepared) {
		jsonw_bool(w, "existed", r.existed);
		print_digest(w, "before", &r.before);
		print_digest(w, "after", &r.after);
	}
	if (held != NULL && strcmp(held, "look") == 0) {
		tool_cancel(&r);
		if (tool_look(t, args, ctx, &now, &exists, &e) < 0)
			fail(&e);
		jsonw_bool(w, "exists", exists);
		print_digest(w, "now", &now);
		tool_result_init(result);
		result->status = TOOL_INTERRUPTED;
		return;
	}
	if (tool_go(&r, &e) < 0 || tool_poll(runs, 1, -1, &e) != 0)
		fail(&e);
	tool_finish(&r, result);
}

static void
call(const struct tool *t, const struct json *args,
    const struct tool_context *ctx, struct jsonw *w)
{
	struct tool_result result;
	struct decision d;
	struct err e = {0};

	if (schema_check(t->schema, args, &e) < 0) {
		jsonw_string(w, "verdict", "bad");
		jsonw_string(w, "why", e.msg);
		return;
	}
	tool_decide(t, args, ctx, &d);
	jsonw_string(w, "verdict", grant_effect_name(d.verdict));
	jsonw_string(w, "why", d.why);
	if (d.verdict != GRANT_ALLOW || t->kind == TOOL_RUNNER)
		return;
	if (t->kind != TOOL_FETCH)
		run(t, args, ctx, w, &result);
	else if (tool_fetch(t, args, ctx, -1, &result, &e) < 0)
		fail(&e);
	jsonw_string(w, "status", tool_status_name(result.status));
	jsonw_integer(w, "exit", result.exit);
	jsonw_bool(w, "tainted", (result.labels & LABEL_TAINTED) != 0);
	jsonw_text(w, "text", buf_str(&result.text), result.text.len);
	tool_result_free(&result);
}

int
main(int argc, char *argv[])
{
	struct tool_context ctx = {.now = 0};
	struct json *args CLEANUP_JSON = NULL;
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {&out, false};
	struct tool_table table;
	struct policy policy;
	const struct tool *t;
	struct err e = {0};

	if (argc < 5 || launcher_start(SANDBOX_STRICT, &ctx.launcher, &e) < 0)
		fail(&e);
	(void)umask(077);
	read_policy(argv[1], &policy);
	ctx.policy = &policy;
	ctx.workspace = argv[2];
	ctx.now = clock_real();
	ctx.text = (struct slice){argv[4], strlen(argv[4])};
	tool_table_init(&table);
	if (argc > 5 &&
	    tool_table_add_dir(&table, argv[5], ctx.launcher, &e) < 0)
		fail(&e);
	t = tool_find(&table, argv[3]);
	if (t == NULL)
		(void)err_set(&e, EX_USAGE, 0, "no such tool");
	if (t == NULL || json_parse(argv[4], strlen(argv[4]), &args, &e) < 0)
		fail(&e);
	jsonw_object(&w, NULL);
	call(t, args, &ctx, &w);
	jsonw_end(&w, '}');
	printf("%s\n", buf_str(&out));
	tool_table_free(&table);
	policy_free(&policy);
	launcher_stop(ctx.launcher);
	return 0;
}
