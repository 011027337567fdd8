/* agent-grant's requests: what agents ask of people, and the answers. */
#include <inttypes.h>
#include <string.h>

#include "agent/session.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "cli/grantverb.h"
#include "cli/show.h"
#include "cli/value.h"

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

int
grantask_pending(const struct grant_args *a, char *operands[])
{
	static const char *const head[] = {
	    "REQUEST", "AGENT", "TOOL", "LEFT", "WHAT"};
	const char *only = operands[0];
	char(*ids)[ULID_TEXT] CLEANUP_FREE = NULL;
	struct table t = {.columns = COUNT_OF(head)};
	char id[ULID_TEXT] = "";
	size_t n, i, k, found = 0;
	struct session s;
	struct err e;

	if (root_list(a->root, &ids, &n, &e) < 0 ||
	    (only != NULL && root_find(a->root, only, id, &e) < 0))
		die_err(&e);
	for (i = 0; i < COUNT_OF(head) && !a->json; i++)
		table_add(&t, head[i]);
	for (i = 0; i < n; i++) {
		if (only != NULL && strcmp(ids[i], id) != 0)
			continue;
		if (session_read(a->root, ids[i], true, &s, &e) < 0) {
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

int
grantask_approve(const struct grant_args *a, char *operands[])
{
	return answer(a->root, operands[0], "approve", NULL);
}

int
grantask_deny(const struct grant_args *a, char *operands[])
{
	return answer(a->root, operands[0], "deny", a->because);
}

int
grantask_answer(const struct grant_args *a, char *operands[])
{
	char *text CLEANUP_FREE = value_text(operands[1]);

	return answer(a->root, operands[0], "answer", text);
}
