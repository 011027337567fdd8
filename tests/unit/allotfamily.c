/* Budgets of random families, as records make them: no more is used than the
 * root may, and what was not used comes back, once. */
#include <inttypes.h>
#include <string.h>

#include "agent/allot.h"
#include "agent/turn.h"
#include "base/mem.h"
#include "tap.h"

#define NODES_MOST 60
#define ROUNDS     60
#define STEPS      200

/* The exit mail of one that ended, on its way. */
struct letter {
	size_t from, to;
	char *body;
};

struct family {
	struct state node[NODES_MOST];
	size_t parent[NODES_MOST];
	size_t count;
	struct letter mail[4 * STEPS + 4 * NODES_MOST];
	size_t first, last; /* of the mail, in order */
	struct limits limits;
	uint64_t seed;
	int64_t over; /* what last steps took beyond a limit of tokens */
	int bad;
};

static uint64_t
next(struct family *f, uint64_t below)
{
	f->seed = f->seed * 6364136223846793005U + 1442695040888963407U;
	return (f->seed >> 33) % below;
}

static void
apply(struct state *s, enum record_type type, const char *body)
{
	struct record r = {.seq = s->seq + 1,
	    .time = s->time + CLOCK_MILLI,
	    .type = type,
	    .body = {body, strlen(body)}};
	struct err e;

	if (state_apply(s, &r, &e) < 0) {
		printf("Bail out! %s: %s\n", body, e.msg);
		exit(1);
	}
}

static char *
id_of(size_t i)
{
	return mem_printf("01ARZ3NDEKTSV4RRFFQ69%05zu", i);
}

static void
begin(struct family *f, struct buf *limits)
{
	char *body CLEANUP_FREE = NULL;
	struct jsonw w = {.out = limits};

	limits_write(&w, NULL, &f->limits);
	body = mem_printf(
	    "{\"model\":\"script:x\",\"limits\":%s}", buf_str(limits));
	state_init(&f->node[0]);
	apply(&f->node[0], RECORD_BORN, body);
	apply(&f->node[0], RECORD_GOAL, "{\"from\":\"user\",\"text\":\"go\"}");
	f->count = 1;
}

static bool
no_call_is(const void *arg, const struct call *c)
{
	(void)arg;
	(void)c;
	return false;
}

static enum action_kind
what_next(const struct state *s)
{
	struct action act;

	turn_next(s, no_call_is, NULL, &act);
	return act.kind;
}

/* A turn, if its limits let it; a reply may cost more than was left. */
static void
work(struct family *f, size_t i)
{
	struct state *s = &f->node[i];
	int64_t tokens = (int64_t)next(f, 30), left;
	char *reply CLEANUP_FREE = mem_printf(
	    "{\"call\":\"m\",\"stop\":\"end\",\"usage\":{\"input\":%" PRId64
	    "},\"text\":\"\"}",
	    tokens);

	apply(s, RECORD_GOAL, "{\"from\":\"user\",\"text\":\"go on\"}");
	if (what_next(s) != ACT_MODEL)
		return;
	left = allot_left(s, BUDGET_TOKENS);
	if (tokens > left)
		f->over += tokens - left;
	apply(s, RECORD_WAKE, "{\"pid\":1}");
	apply(s, RECORD_MODEL_CALL, "{\"call\":\"m\",\"attempt\":1}");
	if (next(f, 4) == 0) /* asked again after a crash */
		apply(s, RECORD_MODEL_CALL, "{\"call\":\"m\",\"attempt\":2}");
	apply(s, RECORD_MODEL_REPLY, reply);
}

static void
make_children(struct family *f, size_t i)
{
	struct state *s = &f->node[i];
	struct limits left = {0}, ask = {0}, got;
	size_t n = 1 + next(f, 3), k;
	struct buf limits CLEANUP_BUF = {0};
	struct jsonw w = {.out = &limits};
	struct err e;

	allot_limits_left(s, &left);
	ask.turns = (int64_t)next(f, 4);
	ask.children = (int64_t)next(f, 4);
	if (f->count + n > NODES_MOST ||
	    allot_share(&left, n, &ask, &got, &e) < 0)
		return;
	limits_write(&w, NULL, &got);
	for (k = 0; k < n; k++) {
		char *id CLEANUP_FREE = id_of(f->count);
		char *fork CLEANUP_FREE =
		    mem_printf("{\"children\":[{\"id\":\"%s\",\"limits\":%s}]}",
			id, buf_str(&limits));
		char *born CLEANUP_FREE = mem_printf(
		    "{\"fork\":{\"agent\":\"p\",\"seq\":2},\"limits\":%s}",
		    buf_str(&limits));
		struct state *c = &f->node[f->count];

		apply(s, RECORD_FORK, fork);
		state_init(c);
		apply(c, RECORD_BORN, "{\"model\":\"script:x\"}");
		apply(c, RECORD_GOAL, "{\"from\":\"user\",\"text\":\"go\"}");
		apply(c, RECORD_BORN, born);
		f->parent[f->count++] = i;
	}
}

static void
end(struct family *f, size_t i, const char *state)
{
	struct state *s = &f->node[i];
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	struct usage total;
	char *id CLEANUP_FREE = id_of(i);
	char *exit CLEANUP_FREE =
	    mem_printf("{\"state\":\"%s\",\"status\":%d,\"text\":\"\"}", state,
		strcmp(state, "done") == 0 ? 0 : EX_LIMIT);

	apply(s, RECORD_EXIT, exit);
	if (i == 0 || s->exit_owed == 0)
		return;
	apply(s, RECORD_SEAL, "null");
	allot_total(s, &total);
	jsonw_object(&w, NULL);
	jsonw_string(&w, "from", id);
	jsonw_string(&w, "kind", "exit");
	jsonw_string(&w, "state", state);
	usage_write(&w, "usage", &total);
	jsonw_string(&w, "text", "");
	jsonw_end(&w, '}');
	f->mail[f->last++] =
	    (struct letter){i, f->parent[i], mem_strdup(buf_str(&body))};
}

static bool
deliver(struct family *f)
{
	struct letter *l = &f->mail[f->first];

	if (f->first == f->last)
		return false;
	apply(&f->node[l->to], RECORD_MAIL, l->body);
	free(l->body);
	f->first++;
	return true;
}

static int64_t
used(const struct family *f, enum budget_kind k)
{
	int64_t sum = 0;
	size_t i;

	for (i = 0; i < f->count; i++)
		sum += usage_of(&f->node[i].usage, k);
	return sum;
}

static void
check(struct family *f)
{
	static const enum budget_kind kinds[] = {
	    BUDGET_TURNS, BUDGET_CHILDREN, BUDGET_TOKENS};
	size_t i;

	for (i = 0; i < COUNT_OF(kinds); i++) {
		int64_t spent = allot_spent(&f->node[0], kinds[i]);
		int64_t over = kinds[i] == BUDGET_TOKENS ? f->over : 0;

		/* what is on its way home counts still */
		if (used(f, kinds[i]) > limits_of(&f->limits, kinds[i]) + over)
			f->bad++;
		if (used(f, kinds[i]) > spent + over)
			f->bad++;
	}
}

static void
live(struct family *f)
{
	int step;
	size_t i;

	for (step = 0; step < STEPS; step++) {
		i = next(f, f->count);
		switch (next(f, 8)) {
		case 0:
		case 1:
			make_children(f, i);
			break;
		case 2:
			end(f, i, next(f, 3) == 0 ? "paused" : "done");
			break;
		case 3:
			(void)deliver(f);
			break;
		default:
			work(f, i);
		}
		check(f);
	}
}

/* All end; whoever hears of a child's end then, ends again. */
static void
end_all(struct family *f)
{
	size_t i, to;

	for (i = f->count; i-- > 0;)
		end(f, i, "done");
	while (f->first < f->last) {
		to = f->mail[f->first].to;
		(void)deliver(f);
		end(f, to, "done");
		check(f);
	}
}

static void
test_families(void)
{
	static struct family f;
	int round, over = 0, leaked = 0, bad = 0, grandchildren = 0;
	size_t i;

	for (round = 0; round < ROUNDS; round++) {
		struct buf text CLEANUP_BUF = {0};

		memset(&f, 0, sizeof(f));
		f.seed = (uint64_t)round + 1;
		f.limits.turns = 1 + (int64_t)next(&f, 80);
		f.limits.children = 1 + (int64_t)next(&f, 50);
		f.limits.tokens = 1 + (int64_t)next(&f, 2000);
		begin(&f, &text);
		live(&f);
		end_all(&f);
		for (i = 1; i < f.count; i++)
			grandchildren += f.parent[i] != 0;
		if (used(&f, BUDGET_TURNS) !=
			allot_spent(&f.node[0], BUDGET_TURNS) ||
		    used(&f, BUDGET_TOKENS) !=
			allot_spent(&f.node[0], BUDGET_TOKENS) ||
		    used(&f, BUDGET_CHILDREN) !=
			allot_spent(&f.node[0], BUDGET_CHILDREN) ||
		    used(&f, BUDGET_CHILDREN) != (int64_t)f.count - 1)
			leaked++;
		over += f.over > 0;
		bad += f.bad;
		for (i = 0; i < f.count; i++)
			state_free(&f.node[i]);
	}
	ok(grandchildren > ROUNDS, "random families have grandchildren");
	ok(over > 0, "and some meet a limit in the middle of a reply");
	ok(bad == 0, "a family never uses more than its root may");
	ok(leaked == 0, "when all have ended, the root has what none used");
}

static void
test_end(void)
{
	struct state s;

	state_init(&s);
	apply(&s, RECORD_BORN, "{\"model\":\"script:x\"}");
	apply(&s, RECORD_BORN,
	    "{\"fork\":{\"agent\":\"p\",\"seq\":1},"
	    "\"limits\":{\"turns\":5,\"tokens\":100}}");
	apply(&s, RECORD_GOAL, "{\"from\":\"user\",\"text\":\"go\"}");
	apply(&s, RECORD_MODEL_CALL, "{\"call\":\"m\",\"attempt\":1}");
	apply(&s, RECORD_MODEL_REPLY,
	    "{\"call\":\"m\",\"stop\":\"end\",\"usage\":{\"input\":7},"
	    "\"text\":\"\"}");
	apply(&s, RECORD_EXIT,
	    "{\"state\":\"paused\",\"status\":79,\"text\":\"\"}");
	ok(allot_left(&s, BUDGET_TURNS) == 4,
	    "a child that is paused keeps what is reserved for it");
	apply(
	    &s, RECORD_EXIT, "{\"state\":\"done\",\"status\":0,\"text\":\"\"}");
	ok(allot_left(&s, BUDGET_TURNS) == 0 &&
		allot_left(&s, BUDGET_TOKENS) == 0,
	    "one that has ended has nothing left");
	ok(allot_left(&s, BUDGET_BYTES) == INT64_MAX,
	    "but for what was never limited");
	apply(&s, RECORD_GOAL, "{\"from\":\"user\",\"text\":\"again\"}");
	ok(what_next(&s) == ACT_EXIT, "a new goal does not change that");
	apply(&s, RECORD_BUDGET, "{\"limits\":{\"turns\":2,\"tokens\":8}}");
	ok(what_next(&s) == ACT_MODEL && allot_left(&s, BUDGET_TURNS) == 1,
	    "what it is given does");
	state_free(&s);
}

#define KID "01BX5ZZKBKACTAV9WEVGEMMVRZ"

static void
test_child(void)
{
	struct state s;

	state_init(&s);
	apply(&s, RECORD_BORN, "{\"model\":\"x\",\"limits\":{\"turns\":20}}");
	apply(&s, RECORD_FORK,
	    "{\"children\":[{\"id\":\"" KID "\",\"limits\":{\"turns\":9}}]}");
	ok(allot_left(&s, BUDGET_TURNS) == 11, "a child has what it reserved");
	apply(&s, RECORD_MAIL,
	    "{\"from\":\"" KID
	    "\",\"kind\":\"exit\",\"state\":\"paused\",\"status\":79,"
	    "\"usage\":{\"turns\":2},\"text\":\"\"}");
	ok(allot_left(&s, BUDGET_TURNS) == 11, "paused, it has it still");
	apply(&s, RECORD_MAIL,
	    "{\"from\":\"" KID "\",\"kind\":\"exit\",\"state\":\"done\","
	    "\"usage\":{\"turns\":3},\"text\":\"\"}");
	ok(allot_left(&s, BUDGET_TURNS) == 17, "its end gives back the rest");
	apply(&s, RECORD_MAIL,
	    "{\"from\":\"" KID
	    "\",\"kind\":\"exit\",\"state\":\"paused\",\"status\":79,"
	    "\"usage\":{\"turns\":4},\"text\":\"\"}");
	ok(allot_left(&s, BUDGET_TURNS) == 16,
	    "what it uses later counts, and nothing is reserved anew");
	state_free(&s);
}

int
main(void)
{
	test_child();
	test_families();
	test_end();
	return done();
}
