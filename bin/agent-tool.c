/* agent-tool: list, describe or call a tool under an agent's authority. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/order.h"
#include "agent/run.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/secretargs.h"
#include "cli/opt.h"
#include "cli/show.h"
#include "cli/stop.h"
#include "cli/value.h"

enum { O_JSON = 256, O_ROOT, O_SANDBOX, O_SECRET };

static const struct opt opts[] = {
    {"json", O_JSON, NULL, "one JSON object a line"},
    {"root", O_ROOT, "DIR", "where the agents are"},
    {"sandbox", O_SANDBOX, "MODE", "strict, or best-effort"},
    {"secret", O_SECRET, "NAME=SOURCE", "env:VAR, file:PATH or fd:N"},
    {NULL, 0, NULL, NULL}};

static const char *const usage[] = {
    "list AGENT", "describe AGENT TOOL", "call AGENT TOOL ['JSON'|-]", NULL};

static const struct program program = {.name = "agent-tool",
    .usage = usage,
    .purpose = "List, describe or call a tool under an agent's authority, "
	       "without a model.",
    .opts = opts,
    .notes = "Status of call: 0 ok, 1 failed, 65 bad arguments, 75 needs a "
	     "person's word,\nor the agent runs, 77 denied, 124 timeout."};

struct arguments {
	bool json;
	const char *root;
	enum sandbox_mode sandbox;
	struct secret_args secrets;
};

static void
option(void *arg, int letter, const char *v)
{
	struct arguments *a = arg;

	if (letter == O_JSON)
		a->json = true;
	else if (letter == O_ROOT)
		a->root = v;
	else if (letter == O_SECRET)
		secret_arg(&program, &a->secrets, v);
	else
		a->sandbox = value_sandbox(&program, v);
}

static void
print_tool(const struct tool *t, bool whole)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "name", t->name);
	jsonw_string(&w, "description", t->description);
	jsonw_string(&w, "effect", tool_effect_name(t->effect));
	if (whole)
		jsonw_raw(
		    &w, "parameters", t->parameters, strlen(t->parameters));
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static int
list(const struct tool_table *tools, bool json)
{
	struct table t = {.columns = 3};
	size_t i;

	for (i = 0; i < tools->count; i++) {
		const struct tool *tool = &tools->tools[i];

		if (json) {
			print_tool(tool, false);
			continue;
		}
		table_add(&t, tool->name);
		table_add(&t, tool_effect_name(tool->effect));
		table_add(&t, tool->description);
	}
	table_print(&t, stdout);
	return 0;
}

static int
exit_status(const struct tool_result *r)
{
	switch (r->status) {
	case TOOL_OK:
		return 0;
	case TOOL_DENIED:
		return EX_NOPERM;
	case TOOL_PENDING:
		return EX_TEMPFAIL;
	case TOOL_TIMEOUT:
		return EX_DEADLINE;
	default:
		return EX_NO;
	}
}

static void
print_result(const struct tool_result *r, bool json)
{
	struct buf line CLEANUP_BUF = {0}, safe CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	if (!json) {
		/* To a pipe as it is; to a terminal only what is safe there. */
		utf8_safe(&safe, buf_str(&r->text), r->text.len, true);
		if (isatty(STDOUT_FILENO))
			(void)fwrite(safe.data, 1, safe.len, stdout);
		else
			(void)fwrite(r->text.data, 1, r->text.len, stdout);
		if (r->text.len > 0 && r->text.data[r->text.len - 1] != '\n')
			(void)fputs("\n", stdout);
		return;
	}
	jsonw_object(&w, NULL);
	jsonw_string(&w, "status", tool_status_name(r->status));
	if (r->exit >= 0)
		jsonw_integer(&w, "exit", r->exit);
	if (r->net.len > 0)
		jsonw_raw(&w, "net", r->net.data, r->net.len);
	jsonw_text(&w, "text", buf_str(&r->text), r->text.len);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static int
call(struct session *s, struct launcher *l, const struct tool *t,
    const char *operand, bool json)
{
	char *text CLEANUP_FREE = value_text(operand == NULL ? "{}" : operand);
	struct json *args CLEANUP_JSON = NULL;
	struct tool_result r;
	struct err e;
	int status;

	if (json_parse(text, strlen(text), &args, &e) < 0 ||
	    schema_check(t->schema, args, &e) < 0) {
		err_wrap(&e, "%s", t->name);
		e.status = EX_DATAERR;
		die_err(&e);
	}
	if (run_call(s, l, "user", t->name, text, stop_signals(), &r, &e) < 0)
		die_err(&e);
	print_result(&r, json);
	status = exit_status(&r);
	tool_result_free(&r);
	return status;
}

int
main(int argc, char *argv[])
{
	struct arguments a = {0};
	const struct secrets *secrets;
	char id[ULID_TEXT];
	struct tool_table tools;
	struct launcher *l;
	struct session s;
	struct root root;
	const struct tool *t;
	const char *verb;
	struct err e;
	int first, status;
	bool calls, lists;

	verb = opt_verb(&program, argc, argv, option, &a, &first);
	calls = strcmp(verb, "call") == 0;
	lists = strcmp(verb, "list") == 0;
	if (!calls && !lists && strcmp(verb, "describe") != 0)
		die_usage(&program, "unknown verb '%s'", verb);
	if (argc - first < (lists ? 1 : 2) || argc - first > (calls      ? 3
								 : lists ? 1
									 : 2))
		die_usage(&program, "%s: wrong number of operands", verb);
	if (launcher_start(a.sandbox, &l, &e) < 0)
		die_err(&e);
	if (calls && launcher_add_proxy(l, &e) < 0)
		die_err(&e);
	secrets = secret_args_load(&a.secrets);
	launcher_set_secrets(l, secrets);
	(void)umask(077);
	if (root_open(a.root, false, &root, &e) < 0)
		die_err(&e);
	root.secrets = secrets;
	if (root_find(&root, argv[first], id, &e) < 0 ||
	    (calls ? session_write(&root, id, &s, &e)
		   : session_read(&root, id, true, &s, &e)) < 0 ||
	    run_tools(&s, l, &tools, &e) < 0)
		die_err(&e);
	t = lists ? NULL : tool_find(&tools, argv[first + 1]);
	if (!lists && t == NULL)
		die(EX_NOINPUT, "there is no tool '%s'", argv[first + 1]);
	if (lists)
		status = list(&tools, a.json);
	else if (calls)
		status = call(&s, l, t,
		    argc - first > 2 ? argv[first + 2] : NULL, a.json);
	else
		print_tool(t, true), status = 0;
	tool_table_free(&tools);
	session_close(&s);
	if (calls)
		order_sweep(&root, id);
	launcher_stop(l);
	root_close(&root);
	finish(status);
}
