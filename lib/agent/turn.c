#include "agent/turn.h"

#include <string.h>

static struct action
ending(enum agent_status state, int status, const char *why)
{
	return (struct action){
	    .kind = ACT_EXIT, .state = state, .status = status, .why = why};
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

/* Which limit is met before another model call, or NULL. */
static const char *
limit_met(const struct state *s)
{
	const struct limits *l = &s->limits;
	const struct usage *u = &s->usage;

	if (l->turns > 0 && u->turns >= l->turns)
		return "the limit of turns is met";
	if (l->tool_calls > 0 && u->tool_calls >= l->tool_calls)
		return "the limit of tool calls is met";
	if (l->tokens > 0 && u->input + u->output >= l->tokens)
		return "the limit of tokens is met";
	if (l->cost > 0 && u->cost >= l->cost)
		return "the limit of cost is met";
	if (l->time_ns > 0 && u->time_ns >= l->time_ns)
		return "the limit of time is met";
	return NULL;
}

/* The calls to make next: one alone, or a run of those that need not be. */
static bool
next_calls(const struct state *s,
    bool (*alone)(const void *, const struct call *), const void *arg,
    struct action *out)
{
	size_t i, to;

	for (i = 0; i < s->call_count; i++)
		if (s->calls[i].phase == CALL_WANTED)
			break;
	if (i == s->call_count)
		return false;
	to = i + 1;
	if (!alone(arg, &s->calls[i]))
		while (to < s->call_count && !alone(arg, &s->calls[to]))
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
	else if ((why = limit_met(s)) != NULL)
		*out = ending(AGENT_PAUSED, EX_LIMIT, why);
	else
		*out = (struct action){.kind = ACT_MODEL};
}
