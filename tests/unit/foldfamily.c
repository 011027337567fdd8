/* The fold of forks: what a parent remembers of its children, and what of its
 * parent's state is a child's. */
#include <string.h>

#include "agent/state.h"
#include "tap.h"

#define PARENT "01ARZ3NDEKTSV4RRFFQ69G5FAV"
#define CHILD  "01BX5ZZKBKACTAV9WEVGEMMVRZ"
#define FORK   "\"fork\":{\"agent\":\"" PARENT "\",\"seq\":%d,\"head\":\"\"}"

static int
apply_one(
    struct state *s, enum record_type type, const char *body, struct err *e)
{
	struct record r = {.seq = s->seq + 1,
	    .time = (s->seq + 1) * CLOCK_SECOND,
	    .type = type,
	    .body = {body, strlen(body)}};

	return state_apply(s, &r, e);
}

static void
apply(struct state *s, enum record_type type, const char *body)
{
	struct err e;

	if (apply_one(s, type, body, &e) < 0) {
		printf("Bail out! %s: %s\n", body, e.msg);
		exit(1);
	}
}

/* Two calls are open, one is wanted, one of its questions is not answered. */
static void
parent(struct state *s)
{
	state_init(s);
	apply(s, RECORD_BORN,
	    "{\"model\":\"script:x\",\"limits\":{\"turns\":9}}");
	apply(s, RECORD_GRANT, "{\"grant\":\"base\",\"line\":\"base\"}");
	apply(s, RECORD_GRANT,
	    "{\"grant\":\"g1\",\"line\":\"allow read file:**\"}");
	apply(s, RECORD_GRANT,
	    "{\"grant\":\"g2\",\"line\":\"allow call tool:pay uses 3\"}");
	apply(s, RECORD_GRANT,
	    "{\"grant\":\"g3\",\"line\":\"deny read file:.env\"}");
	apply(s, RECORD_GOAL, "{\"from\":\"user\",\"text\":\"go\"}");
	apply(s, RECORD_MODEL_CALL, "{\"call\":\"m7\",\"attempt\":1}");
	apply(s, RECORD_MODEL_REPLY,
	    "{\"call\":\"m7\",\"stop\":\"calls\",\"usage\":{\"input\":5},"
	    "\"cost\":7,\"text\":\"thinking\",\"calls\":["
	    "{\"id\":\"a\",\"function\":{\"name\":\"fork_agent\","
	    "\"arguments\":\"{}\"}},{\"id\":\"b\",\"function\":{\"name\":"
	    "\"read_file\",\"arguments\":\"{}\"}}]}");
	apply(s, RECORD_TOOL_CALL,
	    "{\"call\":\"8.0\",\"tool\":\"fork_agent\",\"effect\":\"external\","
	    "\"decision\":{\"verdict\":\"allow\",\"grants\":[]}}");
}

static void
test_parent(void)
{
	struct state s;
	struct err e;

	parent(&s);
	apply(&s, RECORD_FORK,
	    "{\"at\":9,\"call\":\"8.0\",\"children\":[{\"id\":\"" CHILD
	    "\",\"name\":\"kid\",\"limits\":{\"turns\":4}}]}");
	ok(s.child_count == 1 && strcmp(s.children[0].id, CHILD) == 0 &&
		strcmp(s.children[0].name, "kid") == 0 &&
		strcmp(s.children[0].call, "8.0") == 0 &&
		s.children[0].seq == 10 && s.children[0].limits.turns == 4 &&
		!s.children[0].ended,
	    "fork: the child, by which call, and what is reserved for it");
	ok(state_child(&s, CHILD) == s.children &&
		state_child(&s, PARENT) == NULL,
	    "which is found by its id");
	ok(s.call_count == 2 && s.calls[0].phase == CALL_OPEN,
	    "and nothing else changes");
	ok(apply_one(&s, RECORD_FORK, "{\"children\":[{\"id\":\"x\"}]}", &e) <
		    0 &&
		e.status == EX_DATAERR,
	    "a child without an id is refused");
	state_free(&s);
}

static void
born(struct state *s, const char *more)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{" FORK "%s}", (int)s->seq, more);
	apply(s, RECORD_BORN, body);
}

static void
test_child(void)
{
	struct state s;
	size_t said;

	parent(&s);
	said = s.convo.len;
	born(&s, ",\"limits\":{\"turns\":4}");
	ok(s.usage.turns == 0 && s.usage.cost == 0 && s.limits.turns == 4 &&
		s.limits.tokens == 0 && s.turn == 1,
	    "born of a fork: its usage begins, its limits are its own");
	ok(s.convo.len == said && s.text == NULL && s.child_count == 0 &&
		!s.awake && s.status == AGENT_READY,
	    "the conversation goes on, what was the parent's alone is gone");
	ok(s.calls[0].phase == CALL_OPEN && s.calls[1].phase == CALL_OPEN,
	    "calls that were made or wanted wait for the results that follow");
	apply(&s, RECORD_TOOL_RESULT,
	    "{\"call\":\"8.0\",\"status\":\"ok\",\"text\":\"a child\"}");
	apply(&s, RECORD_TOOL_RESULT,
	    "{\"call\":\"8.1\",\"status\":\"interrupted\",\"text\":\"\"}");
	ok(s.needs_model && s.seq == 12, "and with these it goes on");
	state_free(&s);
}

static void
test_authority(void)
{
	const struct grant *g;
	struct state s;
	struct err e;

	parent(&s);
	born(&s, "");
	g = policy_find(&s.policy, "g1");
	ok(g != NULL && g->parent_count == 1 &&
		strcmp(g->parents[0], PARENT "/g1") == 0,
	    "what the parent may, the child may, and no longer than it");
	ok(policy_find(&s.policy, "g3") != NULL && s.policy.base,
	    "a denial and the profile base come along");
	ok(policy_find(&s.policy, "g2") == NULL &&
		policy_find(s.policy.above, "g2") == NULL,
	    "but nothing that may be used so often only");
	ok(s.policy.above != NULL && s.policy.above->above == NULL &&
		policy_find(s.policy.above, "g1") != NULL,
	    "the parent's layer stands above");
	born(&s, "");
	ok(s.policy.above != NULL && s.policy.above->above == NULL,
	    "once only, while nobody changes anything");
	apply(&s, RECORD_GRANT,
	    "{\"grant\":\"g9\",\"line\":\"allow write file:x\"}");
	born(&s, ",\"inherit\":false");
	ok(s.policy.count == 0 && s.policy.above->above != NULL,
	    "a narrowed child's layer is empty until its grants follow");
	born(&s, ",\"inherit\":false");
	state_free(&s);
	state_init(&s);
	ok(apply_one(&s, RECORD_BORN,
	       "{\"fork\":{\"agent\":\"" PARENT "\",\"seq\":0}}", &e) < 0 &&
		e.status == EX_DATAERR,
	    "a fork of nothing is refused");
	state_free(&s);
}

int
main(void)
{
	test_parent();
	test_child();
	test_authority();
	return done();
}
