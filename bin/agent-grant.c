/* agent-grant: what agents may do, and what they ask of people. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/session.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/opt.h"
#include "cli/show.h"
#include "cli/value.h"

enum { O_BECAUSE = 256, O_JSON, O_ROOT };

static const struct opt opts[] = {
    {"because", O_BECAUSE, "TEXT", "deny: tell the agent why"},
    {"json", O_JSON, NULL, "one JSON object a line"},
    {"root", O_ROOT, "DIR", "where the agents are"}, {NULL, 0, NULL, NULL}};

static const char *const usage[] = {"pending [--json] [AGENT]",
    "answer REQUEST TEXT|-", "approve REQUEST", "deny [--because TEXT] REQUEST",
    "list [--json] AGENT", "check AGENT RIGHT RESOURCE", NULL};

static const struct program program = {.name = "agent-grant",
    .usage = usage,
    .purpose = "Show what an agent may do, and answer what agents ask.",
    .opts = opts,
    .notes = "Status: 0 (check: allowed), 1 nothing is pending, or check: not "
	     "allowed,\n66 no such request, 75 the agent runs: try again."};

struct arguments {
	bool json;
	const char *root, *because;
};

static void
option(void *arg, int letter, const char *v)
{
	struct arguments *a = arg;

	if (letter == O_JSON)
		a->json = true;
	else if (letter == O_ROOT)
		a->root = v;
	else
		a->because = v;
}

/* ---- pending ---------------------------------------------------------------------- */

static void
request_json(const char *agent, const struct request *r)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};
	char deadline[CLOCK_TEXT];
	const char *args = r->arguments == NULL ? "" : r->arguments;
	struct digest d;

	digest_of(args, strlen(args), &d);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "request", r->id);
	jsonw_string(&w, "agent", agent);
	jsonw_maybe(&w, "effect", r->effect);
	jsonw_maybe(&w, "tool", r->tool);
	jsonw_string(&w, "arguments", args);
	jsonw_digest(&w, "digest", &d);
	if (r->deadline != 0) {
		clock_text(r->deadline, deadline);
		jsonw_string(&w, "deadline", deadline);
	}
	jsonw_string(&w, "default", "deny");
	jsonw_maybe(&w, "text", r->text);
	jsonw_end(&w, '}');
	printf("%s\n", buf_str(&line));
}

/* A question, or the call that is to be approved: nobody can approve what they
 * do not see. */
static const char *
request_what(const struct request *r)
{
	bool question = r->tool == NULL || strcmp(r->tool, "ask_human") == 0;

	if (!question && r->arguments != NULL)
		return r->arguments;
	return r->text == NULL ? "" : r->text;
}

static void
request_row(struct table *t, const char *agent, const struct request *r)
{
	char left[16];

	table_add(t, r->id);
	table_add(t, agent);
	table_add(t, r->tool == NULL ? "" : r->tool);
	show_time(r->deadline == 0 ? 0 : r->deadline - clock_real(), left);
	table_add(t, left);
	table_add(t, request_what(r));
}

static int
verb_pending(struct root *root, const struct arguments *a, const char *only)
{
	static const char *const head[] = {
	    "REQUEST", "AGENT", "TOOL", "LEFT", "WHAT"};
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	struct table t = {.columns = COUNT_OF(head)};
	char id[ULID_TEXT] = "";
	size_t n, i, k, found = 0;
	struct session s;
	struct err e;

	if (root_list(root, &ids, &n, &e) < 0 ||
	    (only != NULL && root_find(root, only, id, &e) < 0))
		die_err(&e);
	for (i = 0; i < COUNT_OF(head) && !a->json; i++)
		table_add(&t, head[i]);
	for (i = 0; i < n; i++) {
		if (only != NULL && strcmp(ids[i], id) != 0)
			continue;
		if (session_read(root, ids[i], true, &s, &e) < 0) {
			warn_msg("%s", e.msg);
			continue;
		}
		for (k = 0; k < s.state.request_count; k++, found++)
			if (a->json)
				request_json(ids[i], &s.state.requests[k]);
			else
				request_row(&t, ids[i], &s.state.requests[k]);
		session_close(&s);
	}
	if (!a->json && found > 0)
		table_print(&t, stdout);
	return found > 0 ? 0 : EX_NO;
}

/* ---- answers ----------------------------------------------------------------------- */

/* Whose request is it? */
static void
find_request(struct root *root, const char *request, char agent[ULID_TEXT])
{
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	size_t n, i, tail = strcspn(request, "-");
	struct err e;

	if (root_list(root, &ids, &n, &e) < 0)
		die_err(&e);
	for (i = 0; i < n; i++)
		if (tail == 8 && strncmp(ids[i] + 18, request, 8) == 0) {
			memcpy(agent, ids[i], ULID_TEXT);
			return;
		}
	die(EX_NOINPUT, "no request '%s' (agent-grant pending lists them)",
	    request);
}

static int
answer(struct root *root, const char *request, const char *verdict,
    const char *text)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char id[ULID_TEXT];
	const struct request *r;
	struct session s;
	struct err e;

	find_request(root, request, id);
	if (session_write(root, id, &s, &e) < 0)
		die_err(&e);
	r = state_request(&s.state, request);
	if (r == NULL)
		die(EX_NOINPUT,
		    "request '%s' is not open: it was answered, or "
		    "never was",
		    request);
	if (r->deadline != 0 && r->deadline <= journal_now(&s.journal))
		die(EX_NO, "request '%s': its time is over", request);
	if (strcmp(verdict, "approve") == 0 && r->tool != NULL &&
	    strcmp(r->tool, "ask_human") == 0)
		die(EX_USAGE,
		    "request '%s' is a question: use agent-grant "
		    "answer",
		    request);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "request", request);
	jsonw_string(&w, "verdict", verdict);
	jsonw_string(&w, "by", "user");
	jsonw_maybe(&w, "text", text);
	jsonw_end(&w, '}');
	if (session_stage(&s, RECORD_ANSWER,
		(struct slice){body.data, body.len}, &e) < 0 ||
	    session_seal(&s, &e) < 0)
		die_err(&e);
	session_close(&s);
	return 0;
}

/* ---- grants ------------------------------------------------------------------------- */

static int
verb_list(struct root *root, const struct arguments *a, const char *agent)
{
	struct buf line CLEANUP_BUF = {0};
	char id[ULID_TEXT];
	const struct grant *g;
	struct session s;
	struct err e;
	size_t i;

	if (root_find(root, agent, id, &e) < 0 ||
	    session_read(root, id, true, &s, &e) < 0)
		die_err(&e);
	for (i = 0; i < s.state.policy.count; i++) {
		struct jsonw w = {.out = &line};

		g = &s.state.policy.grants[i];
		if (!a->json) {
			printf("%-6s %s\n", g->id, g->line);
			continue;
		}
		buf_clear(&line);
		jsonw_object(&w, NULL);
		jsonw_string(&w, "grant", g->id);
		jsonw_string(&w, "line", g->line);
		jsonw_maybe(&w, "from", g->from);
		jsonw_end(&w, '}');
		printf("%s\n", buf_str(&line));
	}
	session_close(&s);
	return 0;
}

static int
verb_check(struct root *root, const char *agent, const char *right,
    const char *resource)
{
	char id[ULID_TEXT], *path CLEANUP_FREE = NULL;
	struct grant_query q = {.now = clock_real()};
	struct decision d;
	struct session s;
	const char *body;
	struct err e;

	q.right = grant_right(right);
	if (q.right == 0)
		die_usage(&program, "no right '%s'", right);
	if (grant_split(resource, &q.kind, &body) < 0)
		die_usage(&program, "want KIND:RESOURCE, got '%s'", resource);
	if (root_find(root, agent, id, &e) < 0 ||
	    session_read(root, id, true, &s, &e) < 0)
		die_err(&e);
	if (q.kind == GRANT_FILE) /* by its text alone: nothing is probed */
		body = path = path_join(s.workspace, body);
	q.resource = body;
	q.workspace = s.workspace;
	policy_decide(&s.state.policy, &q, &d);
	printf("%s: %s\n", grant_effect_name(d.verdict), d.why);
	session_close(&s);
	return d.verdict == GRANT_ALLOW ? 0 : EX_NO;
}

/* ---- main ------------------------------------------------------------------------------ */

static int
run(struct root *root, const struct arguments *a, const char *verb,
    char *args[], int n)
{
	char *text;
	int r;

	if (strcmp(verb, "pending") == 0 && n <= 1)
		return verb_pending(root, a, n == 1 ? args[0] : NULL);
	if (strcmp(verb, "list") == 0 && n == 1)
		return verb_list(root, a, args[0]);
	if (strcmp(verb, "check") == 0 && n == 3)
		return verb_check(root, args[0], args[1], args[2]);
	if (strcmp(verb, "approve") == 0 && n == 1)
		return answer(root, args[0], "approve", NULL);
	if (strcmp(verb, "deny") == 0 && n == 1)
		return answer(root, args[0], "deny", a->because);
	if (strcmp(verb, "answer") == 0 && n == 2) {
		text = value_text(args[1]);
		r = answer(root, args[0], "answer", text);
		free(text);
		return r;
	}
	die_usage(&program, "'%s' with %d operands", verb, n);
}

int
main(int argc, char *argv[])
{
	struct arguments a = {0};
	struct root root;
	const char *verb;
	struct err e;
	int first, status;

	verb = opt_verb(&program, argc, argv, option, &a, &first);
	(void)umask(077);
	if (root_open(a.root, false, &root, &e) < 0)
		die_err(&e);
	status = run(&root, &a, verb, argv + first, argc - first);
	root_close(&root);
	finish(status);
}
