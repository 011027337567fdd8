/* agent-grant's answers to what agents ask of people. */
#include <string.h>

#include "agent/answer.h"
#include "base/mem.h"
#include "cli/grantopen.h"
#include "cli/show.h"
#include "cli/value.h"

/* It travels in a command, where a character may take six bytes. */
#define ANSWER_MAX (ORDER_MAX / 8)

static const char *const verbs[] = {"answer", "approve", "deny"};
static const char *const done[] = {"answered", "approved", "denied"};

static void
say_json(
    const struct grantpick *p, const struct answer *answer, const struct err *e)
{
	struct buf line CLEANUP_BUF = {0};
	struct jsonw w = {.out = &line};

	jsonw_object(&w, NULL);
	jsonw_string(&w, "request", p->id);
	jsonw_string(&w, "agent", p->agent);
	jsonw_string(
	    &w, "outcome", e == NULL ? done[answer->verdict] : "failed");
	jsonw_integer(&w, "status", e == NULL ? 0 : e->status);
	if (e != NULL)
		jsonw_string(&w, "error", e->msg);
	jsonw_end(&w, '}');
	show_json(stdout, line.data, line.len);
}

static int
answer_one(const struct grant_args *a, const struct grantpick *p,
    const struct answer *answer)
{
	char *text CLEANUP_FREE =
	    mem_printf("%s %s", done[answer->verdict], p->id);
	struct order c CLEANUP_ORDER = {0};
	struct buf members CLEANUP_BUF = {0};
	struct err e;
	int r;

	answer_members(p->id, answer, &members);
	r = grantverb_order(a, p->agent, verbs[answer->verdict],
	    (struct slice){members.data, members.len}, &c, &e);

	if (a->json)
		say_json(p, answer, r < 0 ? &e : NULL);
	else if (r == 0)
		show_line("", text);
	if (r < 0)
		warn_msg("%s", e.msg);
	(void)fflush(stdout);
	return r < 0 ? e.status : 0;
}

/* Of several that went wrong in different ways, 1. */
static void
worse(int *status, int next)
{
	if (*status == 0)
		*status = next;
	else if (next != 0 && next != *status)
		*status = EX_NO;
}

/* A mass approval is no answer to a question. */
static bool
is_question(
    const struct grantpick *p, const struct answer *answer, char *operands[])
{
	size_t i;

	if (answer->verdict != ANSWER_APPROVE || p->kind != REQUEST_QUESTION)
		return false;
	for (i = 0; operands[i] != NULL; i++)
		if (strpbrk(operands[i], "*?[") == NULL)
			return false;
	warn_msg("request '%s' is a question: use agent-grant answer", p->id);
	return true;
}

static int
answer_all(
    const struct grant_args *a, char *operands[], const struct answer *answer)
{
	struct grantpicks picks CLEANUP(grantpicks_free);
	size_t i;
	int status;

	grantopen_pick(a, operands, &picks);
	status = picks.status;
	if (picks.count == 0 && operands[0] == NULL)
		warn_msg("nothing is pending");
	for (i = 0; i < picks.count; i++)
		if (!is_question(&picks.items[i], answer, operands))
			worse(&status, answer_one(a, &picks.items[i], answer));
		else
			worse(&status, EX_NO);
	return status;
}

int
grantask_approve(const struct grant_args *a, char *operands[])
{
	struct answer answer = {.verdict = ANSWER_APPROVE,
	    .by = "user",
	    .text = a->because,
	    .uses = a->uses,
	    .for_ns = a->for_ns,
	    .always = a->always,
	    .as = a->as};

	if (a->always && (a->uses > 0 || a->for_ns > 0))
		die_usage(
		    a->program, "--always, or --uses and --for: not both");
	return answer_all(a, operands, &answer);
}

int
grantask_deny(const struct grant_args *a, char *operands[])
{
	struct answer answer = {
	    .verdict = ANSWER_DENY, .by = "user", .text = a->because};

	return answer_all(a, operands, &answer);
}

int
grantask_answer(const struct grant_args *a, char *operands[])
{
	char *text CLEANUP_FREE = value_text(operands[1]);
	char *one[] = {operands[0], NULL};
	struct answer answer = {
	    .verdict = ANSWER_TEXT, .by = "user", .text = text};

	if (strlen(text) > ANSWER_MAX)
		die(EX_DATAERR, "an answer may be %zu KiB long",
		    ANSWER_MAX >> 10);

	if (strpbrk(one[0], "*?[") != NULL)
		die_usage(a->program, "an answer is for one request");
	return answer_all(a, one, &answer);
}
