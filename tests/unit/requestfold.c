/* The fold of what people are asked and of what they answer. */
#include "agent/state.h"

#include <string.h>

#include "agent/cache.h"
#include "agent/request.h"
#include "base/clock.h"
#include "base/mem.h"
#include "tap.h"

static int64_t seq;

/* One more record, at second `seq`: 0, or -1 when it is refused. */
static int
apply(struct state *s, enum record_type type, const char *body)
{
	struct record r = {.seq = ++seq,
	    .time = seq * CLOCK_SECOND,
	    .type = type,
	    .body = {body, strlen(body)}};
	struct err e;

	return state_apply(s, &r, &e);
}

#define CALL(id, args)                                                     \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":" \
	"\"pay\",\"arguments\":\"" args "\"}}"
#define ASK(id, more)                                                          \
	"{\"request\":\"" id "\",\"kind\":\"call\",\"call\":\"1.0\",\"tool\":" \
	"\"pay\",\"effect\":\"external\",\"text\":\"w\"," more                 \
	"\"arguments\":\"{}\"}"
#define WISH(id, call)                                                  \
	"{\"request\":\"" id "\",\"kind\":\"grant\"," call              \
	"\"tool\":\"request_grant\",\"effect\":\"external\",\"grant\":" \
	"\"allow "                                                      \
	"read file:x\",\"text\":\"w\",\"arguments\":\"{}\"}"

static void
start(struct state *s)
{
	seq = 0;
	state_init(s);
	(void)apply(s, RECORD_BORN, "{\"model\":\"m\"}");
}

/* A call that the approval of R lets through. */
static void
spend(struct state *s)
{
	char *body CLEANUP_FREE = NULL;

	(void)apply(s, RECORD_MODEL_CALL, "{\"attempt\":1}");
	(void)apply(s, RECORD_MODEL_REPLY,
	    "{\"text\":\"\",\"calls\":[" CALL("c", "{}") "]}");
	body = mem_printf("{\"call\":\"%s\",\"effect\":\"none\",\"decision\":"
			  "{\"verdict\":\"allow\",\"approval\":\"R\"}}",
	    s->calls[0].id);
	(void)apply(s, RECORD_TOOL_CALL, body);
	s->calls[0].phase = CALL_CLOSED;
}

static bool
holds(const struct state *s, int64_t now)
{
	return state_approval(s, "pay", "{}", now) != NULL;
}

static void
approve(struct state *s, const char *limits)
{
	char *body CLEANUP_FREE =
	    mem_printf("{\"request\":\"R\",\"verdict\":\"approve\"%s}", limits);

	start(s);
	(void)apply(s, RECORD_ASK, ASK("R", ""));
	(void)apply(s, RECORD_ANSWER, body);
}

static void
test_limits(void)
{
	struct state s;

	approve(&s, "");
	ok(holds(&s, 0), "an approval holds for the call that was asked about");
	ok(state_approval(&s, "pay", "{ }", 0) == NULL &&
		state_approval(&s, "buy", "{}", 0) == NULL,
	    "not for other arguments or another tool");
	spend(&s);
	ok(!holds(&s, 0), "and once, when nothing else was said");
	state_free(&s);

	approve(&s, ",\"limits\":{\"uses\":2}");
	spend(&s);
	ok(holds(&s, 0), "two uses: one is left");
	spend(&s);
	ok(!holds(&s, 0), "and then none");
	state_free(&s);

	approve(&s, ",\"limits\":{\"until\":\"1970-01-01T01:00:00Z\"}");
	spend(&s);
	spend(&s);
	ok(holds(&s, 3599 * CLOCK_SECOND), "a time: any number of uses");
	ok(!holds(&s, 3600 * CLOCK_SECOND), "until it is over");
	state_free(&s);

	approve(&s, ",\"limits\":{}");
	spend(&s);
	ok(holds(&s, INT64_MAX), "no limits: always");
	(void)apply(&s, RECORD_REVOKE, "{\"grant\":\"R\"}");
	ok(!holds(&s, 0), "until it is revoked");
	state_free(&s);

	approve(&s, ",\"limits\":{\"until\":\"never\"}");
	ok(!holds(&s, 3600 * CLOCK_SECOND), "a bad time is over");
	state_free(&s);
}

static void
test_grants(void)
{
	struct state s;

	start(&s);
	(void)apply(&s, RECORD_ASK, WISH("R", "\"call\":\"1.0\","));
	ok(s.requests[0].kind == REQUEST_GRANT && s.policy.count == 0 &&
		state_waits(&s),
	    "a wish is a request, gives nothing, and is waited for");
	(void)apply(&s, RECORD_ANSWER,
	    "{\"request\":\"R\",\"verdict\":\"approve\",\"line\":\"allow read "
	    "file:x for 1h\"}");
	ok(s.policy.count == 0 && s.approval_count == 0 && s.needs_model &&
		strstr(s.convo.data, "granted: allow read file:x for 1h") !=
		    NULL,
	    "its answer tells the model; the grant is a record of its own");
	state_free(&s);

	start(&s);
	(void)apply(&s, RECORD_ASK, WISH("R", ""));
	ok(!state_waits(&s), "what an image wishes is not waited for");
	(void)apply(
	    &s, RECORD_ANSWER, "{\"request\":\"R\",\"verdict\":\"deny\"}");
	ok(!s.needs_model && s.messages == 0 && s.request_count == 0,
	    "and its denial is nothing to the model");
	(void)apply(&s, RECORD_ASK, WISH("R", ""));
	(void)apply(&s, RECORD_ANSWER,
	    "{\"request\":\"R\",\"verdict\":\"approve\",\"line\":\"allow read "
	    "file:x\"}");
	ok(!s.needs_model && s.messages == 1,
	    "its approval is told, and wakes nobody");
	state_free(&s);
}

static void
test_order(void)
{
	struct state s;

	start(&s);
	(void)apply(&s, RECORD_ASK, ASK("R", ""));
	(void)apply(&s, RECORD_ASK, ASK("S", ""));
	(void)apply(&s, RECORD_ASK, ASK("T", ""));
	(void)apply(&s, RECORD_NOTE,
	    "{\"note\":\"notified\",\"request\":\"S\",\"status\":0}");
	(void)apply(
	    &s, RECORD_ANSWER, "{\"request\":\"R\",\"verdict\":\"deny\"}");
	ok(s.request_count == 2 && strcmp(s.requests[0].id, "S") == 0 &&
		strcmp(s.requests[1].id, "T") == 0,
	    "those that are left keep their order");
	ok(s.requests[0].notified && !s.requests[1].notified,
	    "and know whether somebody was told of them");
	ok(apply(&s, RECORD_NOTE, "{\"note\":\"x\",\"request\":\"none\"}") == 0,
	    "a note about another changes nothing");
	ok(apply(&s, RECORD_ANSWER,
	       "{\"request\":\"R\",\"verdict\":\"deny\"}") < 0,
	    "a second answer is no record of ours");
	state_free(&s);
}

static void
test_bad(void)
{
	static const char *const bad[] = {"{}",
	    "{\"request\":\"R\",\"deadline\":"
	    "\"soon\"}",
	    "{\"request\":\"R\",\"kind\":\"wish\"}",
	    "{\"request\":\"R\",\"kind\":\"grant\"}",
	    "{\"request\":\"R\",\"kind\":\"call\",\"grant\":\"allow\"}"};
	struct state s;
	size_t i, refused = 0;

	for (i = 0; i < COUNT_OF(bad); i++) {
		start(&s);
		refused += apply(&s, RECORD_ASK, bad[i]) < 0;
		state_free(&s);
	}
	ok(refused == COUNT_OF(bad), "an ask that is none is refused");
	start(&s);
	ok(apply(&s, RECORD_ASK,
	       "{\"request\":\"R\",\"tool\":\"ask_human\"}") == 0 &&
		s.requests[0].kind == REQUEST_QUESTION,
	    "without a kind, the tool tells it");
	state_free(&s);
}

static void
test_line(void)
{
	char *line = NULL;
	struct err e;

	ok(request_grant("allow  read file:x", &line, &e) == 0 &&
		strcmp(line, "allow read file:x") == 0,
	    "a line that is asked for, in its canonical form");
	free(line);
	line = NULL;
	ok(request_grant("deny read file:x", &line, &e) < 0 &&
		request_grant("nobase", &line, &e) < 0 &&
		request_grant("", &line, &e) < 0 && line == NULL,
	    "anything but one that allows is refused");
}

int
main(void)
{
	test_limits();
	test_grants();
	test_order();
	test_bad();
	test_line();
	return done();
}
