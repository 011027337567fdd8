/* What an agent does next: a function of its state alone. */
#include "agent/turn.h"

#include <string.h>

#include "base/mem.h"
#include "tap.h"

/* One state in a few letters, and what must follow from it. */
struct row {
	const char *name;
	const char *calls; /* each: w(anted) o(pen) s(leeps) c(losed); capitals
				   must be made alone */
	bool needs_model;
	int64_t model_call;
	int requests; /* of the model */
	int asked;    /* of the image */
	enum model_stop stop;
	unsigned bad_streak;
	struct limits limits;
	struct usage usage;
	struct action want;
};

#define DONE                                                       \
	{                                                          \
		.kind = ACT_EXIT, .state = AGENT_DONE, .status = 0 \
	}
#define LIMIT                                                               \
	{                                                                   \
		.kind = ACT_EXIT, .state = AGENT_PAUSED, .status = EX_LIMIT \
	}
#define GIVES_UP                                                         \
	{                                                                \
		.kind = ACT_EXIT, .state = AGENT_FAILED, .status = EX_NO \
	}
#define WAITS                                             \
	{                                                 \
		.kind = ACT_WAIT, .state = AGENT_WAITING, \
		.status = EX_TEMPFAIL                     \
	}
#define MODEL                     \
	{                         \
		.kind = ACT_MODEL \
	}
#define MAKES(f, t)                                       \
	{                                                 \
		.kind = ACT_TOOLS, .from = (f), .to = (t) \
	}
#define MENDS(i)                                                \
	{                                                       \
		.kind = ACT_RECOVER, .from = (i), .to = (i) + 1 \
	}

static const struct row rows[] = {
    {.name = "nothing more to say: done", .want = DONE},
    {.name = "something was said: the model is asked",
	.needs_model = true,
	.want = MODEL},
    {.name = "a model call is open: it is sent again",
	.model_call = 7,
	.want = {.kind = ACT_RESEND}},
    {.name = "even when something was said since",
	.model_call = 7,
	.needs_model = true,
	.want = {.kind = ACT_RESEND}},
    {.name = "a wanted call is made", .calls = "w", .want = MAKES(0, 1)},
    {.name = "calls that change nothing are made together",
	.calls = "www",
	.want = MAKES(0, 3)},
    {.name = "one that must be alone is", .calls = "Wwww", .want = MAKES(0, 1)},
    {.name = "and ends what is made together before it",
	.calls = "wwWw",
	.want = MAKES(0, 2)},
    {.name = "closed calls are passed over",
	.calls = "ccWw",
	.want = MAKES(2, 3)},
    {.name = "those behind it come last",
	.calls = "ccCww",
	.want = MAKES(3, 5)},
    {.name = "an open call is recovered first",
	.calls = "cow",
	.want = MENDS(1)},
    {.name = "before a model call is sent again",
	.calls = "o",
	.model_call = 3,
	.want = MENDS(0)},
    {.name = "one by one", .calls = "oo", .want = MENDS(0)},
    {.name = "all calls closed: the model is asked",
	.calls = "cc",
	.needs_model = true,
	.want = MODEL},
    {.name = "calls come before a limit",
	.calls = "w",
	.limits.turns = 1,
	.usage.turns = 9,
	.want = MAKES(0, 1)},
    {.name = "but not before one of what calls take",
	.calls = "cw",
	.limits.tool_calls = 3,
	.usage.tool_calls = 3,
	.want = LIMIT},
    {.name = "their processor time",
	.calls = "w",
	.limits.cpu_ns = 1,
	.usage.cpu_ns = 2,
	.want = LIMIT},
    {.name = "or what they write",
	.calls = "w",
	.limits.bytes = LIMIT_NOTHING,
	.want = LIMIT},
    {.name = "and no more are made than there may be",
	.calls = "cwww",
	.limits.tool_calls = 3,
	.usage.tool_calls = 1,
	.want = MAKES(1, 3)},
    {.name = "a call that was recorded is within the limit",
	.calls = "o",
	.limits.tool_calls = 3,
	.usage.tool_calls = 3,
	.want = MENDS(0)},
    {.name = "processor time is looked at before a model call as well",
	.needs_model = true,
	.limits.cpu_ns = 5,
	.usage.cpu_ns = 5,
	.want = LIMIT},
    {.name = "and so is what was written",
	.needs_model = true,
	.limits.bytes = 5,
	.usage.bytes = 6,
	.want = LIMIT},
    {.name = "children are no reason to end",
	.needs_model = true,
	.limits.children = 5,
	.usage.children = 5,
	.want = MODEL},
    {.name = "a request is open and nothing else is to do: it waits",
	.requests = 1,
	.want = WAITS},
    {.name = "what the image asked for is not waited for",
	.asked = 1,
	.want = {.kind = ACT_EXIT, .state = AGENT_DONE}},
    {.name = "something else is to do: it does not",
	.requests = 1,
	.needs_model = true,
	.want = MODEL},
    {.name = "a call waits without a process: so does the agent",
	.calls = "csc",
	.want = WAITS},
    {.name = "after the calls behind it are made",
	.calls = "sw",
	.want = MAKES(1, 2)},
    {.name = "a refusal: failed", .stop = MODEL_STOP_REFUSAL, .want = GIVES_UP},
    {.name = "but a request is waited for",
	.stop = MODEL_STOP_REFUSAL,
	.requests = 1,
	.want = WAITS},
    {.name = "a refusal, and something new said: asked again",
	.stop = MODEL_STOP_REFUSAL,
	.needs_model = true,
	.want = MODEL},
    {.name = "one useless reply less than the most: asked again",
	.needs_model = true,
	.bad_streak = BAD_STREAK_MAX - 1,
	.want = MODEL},
    {.name = "as many as the most: failed",
	.needs_model = true,
	.bad_streak = BAD_STREAK_MAX,
	.want = GIVES_UP},
    {.name = "the last turn but one",
	.needs_model = true,
	.limits.turns = 2,
	.usage.turns = 1,
	.want = MODEL},
    {.name = "the limit of turns",
	.needs_model = true,
	.limits.turns = 2,
	.usage.turns = 2,
	.want = LIMIT},
    {.name = "an agent that is done is done at its limit as well",
	.limits.turns = 2,
	.usage.turns = 2,
	.want = DONE},
    {.name = "below the limit of calls",
	.needs_model = true,
	.limits.tool_calls = 3,
	.usage.tool_calls = 2,
	.want = MODEL},
    {.name = "the limit of calls",
	.needs_model = true,
	.limits.tool_calls = 3,
	.usage.tool_calls = 3,
	.want = LIMIT},
    {.name = "below the limit of tokens",
	.needs_model = true,
	.limits.tokens = 10,
	.usage = {.input = 5, .output = 4},
	.want = MODEL},
    {.name = "the limit of tokens counts both ways",
	.needs_model = true,
	.limits.tokens = 10,
	.usage = {.input = 5, .output = 5},
	.want = LIMIT},
    {.name = "below the limit of cost",
	.needs_model = true,
	.limits.cost = 100,
	.usage.cost = 99,
	.want = MODEL},
    {.name = "the limit of cost",
	.needs_model = true,
	.limits.cost = 100,
	.usage.cost = 100,
	.want = LIMIT},
    {.name = "below the limit of time",
	.needs_model = true,
	.limits.time_ns = 100,
	.usage.time_ns = 99,
	.want = MODEL},
    {.name = "the limit of time",
	.needs_model = true,
	.limits.time_ns = 100,
	.usage.time_ns = 100,
	.want = LIMIT},
};

static bool
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
alone(const void *arg, const struct call *c)
{
	const struct row *row = arg;

	return is_capital(row->calls[c->seq]);
}

/* The calls' seqs are their places, so that `alone` finds its letter. */
static void
make_calls(struct state *s, const char *letters)
{
	static const char phases[] = "wosc";
	size_t i, n = letters == NULL ? 0 : strlen(letters);
	struct call *c;

	for (i = 0; i < n; i++) {
		mem_room(
		    &s->calls, s->call_count, &s->call_cap, sizeof(*s->calls));
		c = &s->calls[s->call_count++];
		memset(c, 0, sizeof(*c));
		c->seq = (int64_t)i;
		c->phase =
		    (enum call_phase)(strchr(phases, letters[i] | 32) - phases);
		if (c->phase == CALL_WAITS) {
			c->wait = mem_new(1, sizeof(*c->wait));
			c->wait->until = 1;
		}
	}
}

static bool
same(const struct action *a, const struct action *b)
{
	return a->kind == b->kind && a->from == b->from && a->to == b->to &&
	       a->state == b->state && a->status == b->status;
}

static void
check(const struct row *row)
{
	struct action got = {.why = NULL}, again = {.why = NULL};
	struct request r;
	struct state s;
	int i;

	state_init(&s);
	make_calls(&s, row->calls);
	s.needs_model = row->needs_model;
	s.model_call = row->model_call;
	s.stop = row->stop;
	s.bad_streak = row->bad_streak;
	s.limits = row->limits;
	s.usage = row->usage;
	for (i = 0; i < row->requests + row->asked; i++) {
		r = (struct request){
		    .call = i < row->requests ? mem_strdup("1.0") : NULL};
		mem_room(
		    &s.requests, s.request_count, &s.request_cap, sizeof(r));
		s.requests[s.request_count++] = r;
	}
	turn_next(&s, alone, row, &got);
	turn_next(&s, alone, row, &again);
	ok(same(&got, &row->want) && same(&again, &got), "%s", row->name);
	if (got.kind == ACT_EXIT || got.kind == ACT_WAIT)
		ok(got.why != NULL && (got.why[0] == '\0') == (got.status == 0),
		    "  which says why unless all is well: '%s'",
		    got.why == NULL ? "(none)" : got.why);
	state_free(&s);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++)
		check(&rows[i]);
	return done();
}
