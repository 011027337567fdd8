#include "agent/turn.h"

#include <string.h>

#include "agent/allot.h"

struct limit {
	enum budget_kind kind;
	const char *why;
};

/* What a call takes, and what is looked at before a model call besides; but
 * children, of which there are no more then. */
#define CALL_LIMITS 3
static const struct limit limits[] = {
    {BUDGET_TOOL_CALLS, "the limit of tool calls is met"},
    {BUDGET_CPU, "the limit of processor time is met"},
    {BUDGET_BYTES, "the limit of bytes written is met"},
    {BUDGET_TURNS, "the limit of turns is met"},
    {BUDGET_TOKENS, "the limit of tokens is met"},
    {BUDGET_COST, "the limit of cost is met"},
    {BUDGET_TIME, "the limit of time is met"},
};

static struct action
ending(enum agent_status state, int status, const char *why)
{
	return (struct action){
	    .kind = ACT_EXIT, .state = state, .status = status, .why = why};
}

/* What a person's signal makes of it. */
static bool
halted(const struct state *s, struct action *out)
{
	switch (s->halt) {
	case HALT_PAUSE:
		*out = ending(AGENT_PAUSED, EX_TEMPFAIL,
		    "paused by a signal, until agent-send --signal resume");
		return true;
	case HALT_STOP:
		*out = ending(AGENT_READY, EX_TEMPFAIL, "stopped by a signal");
		return true;
	case HALT_KILL:
		*out = ending(AGENT_KILLED, EX_NO, "killed by a signal");
		return true;
	default:
		return false;
	}
}

static struct action
waiting(const struct state *s)
{
	static const char *const why[][2] = {{"human", "waiting for a human"},
	    {"child", "waiting for a child"}, {"mail", "waiting for mail"},
	    {"timer", "waiting for a timer"}};
	const char *what = state_waits_for(s);
	size_t i = 0;

	while (strcmp(why[i][0], what) != 0)
		i++;
	return (struct action){.kind = ACT_WAIT,
	    .state = AGENT_WAITING,
	    .status = EX_TEMPFAIL,
	    .why = why[i][1]};
}

/* Which of these limits is met, or NULL. */
static const char *
limit_met(const struct state *s, const struct limit *l, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (allot_left(s, l[i].kind) == 0)
			return l[i].why;
	return NULL;
}

/* The calls to make next: one alone, or a run of those that need not be; as
 * many as the limit lets. */
static bool
next_calls(const struct state *s,
    bool (*alone)(const void *, const struct call *), const void *arg,
    struct action *out)
{
	int64_t left = allot_left(s, BUDGET_TOOL_CALLS);
	const char *why = limit_met(s, limits, CALL_LIMITS);
	size_t i, to;

	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase == CALL_WANTED)
			break;
	if (i == s->call_count)
		return false;
	if (why != NULL) {
		*out = ending(AGENT_PAUSED, EX_LIMIT, why);
		return true;
	}
	to = i + 1;
	if (!alone(arg, &s->calls[i]))
		while (to < s->call_count && (int64_t)(to - i) < left &&
		       !alone(arg, &s->calls[to]))
			to++;
	*out = (struct action){.kind = ACT_TOOLS, .from = i, .to = to};
	return true;
}

void
turn_next(const struct state *s,
    bool (*alone)(const void *, const struct call *), const void *arg,
    struct action *out)
{
	const char *why;
	size_t i;

	if (halted(s, out))
		return;
	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase == CALL_OPEN) {
			*out = (struct action){
			    .kind = ACT_RECOVER, .from = i, .to = i + 1};
			return;
		}
	if (s->model_call != 0)
		*out = (struct action){.kind = ACT_RESEND};
	else if (next_calls(s, alone, arg, out))
		return;
	else if (state_waiting(s) != NULL)
		*out = waiting(s);
	else if (!s->needs_model && state_waits(s))
		*out = waiting(s);
	else if (!s->needs_model && s->stop == MODEL_STOP_REFUSAL)
		*out = ending(AGENT_FAILED, EX_NO, "the model refused");
	else if (!s->needs_model)
		*out = ending(AGENT_DONE, 0, "");
	else if (s->bad_streak >= BAD_STREAK_MAX)
		*out = ending(
		    AGENT_FAILED, EX_NO, "the model's replies were of no use");
	else if ((why = limit_met(s, limits, COUNT_OF(limits))) != NULL)
		*out = ending(AGENT_PAUSED, EX_LIMIT, why);
	else
		*out = (struct action){.kind = ACT_MODEL};
}
