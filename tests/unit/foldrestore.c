/* The fold of restore records: the state of then, also on a way that was left. */
#include "agent/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "agent/cache.h"
#include "base/mem.h"
#include "tap.h"

#define MOST 400

/* A history and what the state was after each of its records. */
struct line {
	enum record_type type;
	char *body;
	char *convo, *goal;
	struct digest request;
	bool needs_model;
};

static struct line history[MOST];
static size_t count;
static size_t replayed;

static const struct slice tools = {"[]", 2};

static int
apply_one(struct state *s, size_t i, struct err *e)
{
	struct record r = {.seq = (int64_t)i + 1,
	    .time = ((int64_t)i + 1) * CLOCK_SECOND,
	    .type = history[i].type,
	    .body = {history[i].body, strlen(history[i].body)}};

	return state_apply(s, &r, e);
}

static int
replay(const struct state_past *past, int64_t last,
    const struct past_each *each, struct err *e)
{
	size_t i;

	(void)past;
	for (i = 0; i < count && (int64_t)i < last; i++) {
		struct record r = {.seq = (int64_t)i + 1,
		    .time = ((int64_t)i + 1) * CLOCK_SECOND,
		    .type = history[i].type,
		    .body = {history[i].body, strlen(history[i].body)}};

		replayed++;
		if (each->record(each->arg, &r, e) < 0)
			return -1;
	}
	return 0;
}

static void
start(struct state *s)
{
	state_init(s);
	s->past.replay = replay;
}

static void
note(struct state *s, struct line *l)
{
	l->convo = mem_strdup(buf_str(&s->convo));
	l->goal = mem_strdup(s->goal);
	l->needs_model = s->needs_model;
	state_request_digest(s, tools, &l->request);
}

static bool
add(struct state *s, enum record_type type, char *body)
{
	struct err e;

	history[count].type = type;
	history[count++].body = body;
	if (apply_one(s, count - 1, &e) < 0) {
		printf("# record %zu: %s\n", count, e.msg);
		count--;
		free(body);
		return false;
	}
	note(s, &history[count - 1]);
	return true;
}

static void
forget(void)
{
	while (count > 0) {
		count--;
		free(history[count].body);
		free(history[count].convo);
		free(history[count].goal);
	}
}

static bool
same(const struct state *s, const struct line *l)
{
	struct digest d;

	state_request_digest(s, tools, &d);
	return strcmp(buf_str(&s->convo), l->convo) == 0 &&
	       digest_equal(&d, &l->request) &&
	       s->needs_model == l->needs_model &&
	       ((s->goal == NULL && l->goal == NULL) ||
		   (s->goal != NULL && l->goal != NULL &&
		       strcmp(s->goal, l->goal) == 0));
}

static void
birth(struct state *s)
{
	start(s);
	(void)add(s, RECORD_BORN, mem_strdup("{\"model\":\"script:x\"}"));
	(void)add(s, RECORD_GRANT,
	    mem_strdup("{\"grant\":\"g1\",\"line\":\"allow call tool:pay uses "
		       "9\"}"));
}

static void
turn(struct state *s)
{
	(void)add(s, RECORD_GOAL,
	    mem_printf("{\"from\":\"user\",\"text\":\"goal %zu\"}", count));
	(void)add(s, RECORD_MODEL_CALL,
	    mem_printf("{\"call\":\"m%zu\",\"attempt\":1}", count + 1));
	(void)add(s, RECORD_MODEL_REPLY,
	    mem_printf("{\"call\":\"m%zu\",\"stop\":\"end\",\"usage\":{"
		       "\"input\":1},\"cost\":2,\"text\":\"reply %zu\"}",
		count, count));
}

static bool
back(struct state *s, int64_t to)
{
	return add(s, RECORD_RESTORE,
	    mem_printf("{\"seq\":%" PRId64 ",\"bundle\":\"x\"}", to));
}

/* Any record, from any other, however often the way was left. */
static void
test_random(void)
{
	unsigned rand = 7;
	size_t i, wrong = 0, restores = 0;
	struct state s;

	birth(&s);
	while (count < MOST - 4) {
		rand = rand * 1103515245 + 12345;
		if (rand >> 16 & 1) {
			turn(&s);
			continue;
		}
		i = (rand >> 17) % count;
		restores++;
		if (!back(&s, (int64_t)i + 1) || !same(&s, &history[i]))
			wrong++;
	}
	ok(wrong == 0 && restores > 50,
	    "each of %zu restores gives the state of its record (%zu do not)",
	    restores, wrong);
	ok(s.usage.turns > s.turn && s.usage.cost == 2 * s.usage.turns,
	    "usage counts what was taken back, too");
	replayed = 0;
	(void)back(&s, (int64_t)count - 1);
	ok(replayed < count, "a restore reads the records before it once");
	state_free(&s);
	forget();
}

static size_t
allowed(const struct state *s, const char *id)
{
	size_t i;

	for (i = 0; i < s->policy.count; i++)
		if (strcmp(s->policy.grants[i].id, id) == 0)
			return 1;
	return 0;
}

static char *
grant(const char *id, const char *line)
{
	return mem_printf("{\"grant\":\"%s\",\"line\":\"%s\"}", id, line);
}

static char *
ask(const char *id)
{
	return mem_printf("{\"request\":\"%s\",\"tool\":\"pay\",\"effect\":"
			  "\"external\",\"text\":\"?\",\"arguments\":\"{}\"}",
	    id);
}

static void
test_authority(void)
{
	struct state s;
	size_t i;

	birth(&s);
	turn(&s);
	(void)add(&s, RECORD_ASK, ask("R-1"));
	(void)add(&s, RECORD_ASK, ask("R-2"));
	(void)add(&s, RECORD_ANSWER,
	    mem_strdup("{\"request\":\"R-2\",\"verdict\":\"approve\",\"by\":"
		       "\"user\"}"));
	i = count;
	(void)add(&s, RECORD_GRANT, grant("g2", "allow call tool:more"));
	(void)add(&s, RECORD_GRANT, grant("g3", "deny call tool:never"));
	(void)add(&s, RECORD_GRANT, grant("g4", "ask call tool:maybe"));
	(void)add(&s, RECORD_ASK, ask("R-3"));
	(void)add(&s, RECORD_ANSWER,
	    mem_strdup("{\"request\":\"R-1\",\"verdict\":\"approve\",\"by\":"
		       "\"user\"}"));
	s.policy.grants[0].limits.uses = 4;
	(void)back(&s, (int64_t)i);
	ok(allowed(&s, "g1") && !allowed(&s, "g2"),
	    "what was allowed since is not");
	ok(allowed(&s, "g3") && allowed(&s, "g4"),
	    "what was denied since, or is to be asked, stays so");
	ok(s.policy.grants[0].limits.uses == 4, "spent uses stay spent");
	ok(s.request_count == 1 && strcmp(s.requests[0].id, "R-1") == 0,
	    "requests are those of then");
	ok(s.approval_count == 1 && strcmp(s.approvals[0].request, "R-2") == 0,
	    "approvals since then are dropped");
	(void)back(&s, (int64_t)count - 1);
	ok(!allowed(&s, "g2"), "going forward again gives nothing back");
	state_free(&s);
	forget();
}

static void
test_import(void)
{
	struct state s;

	birth(&s);
	(void)add(&s, RECORD_GRANT, grant("base", "base"));
	(void)add(&s, RECORD_GRANT, grant("g2", "allow call tool:more"));
	(void)add(&s, RECORD_GRANT, grant("g3", "deny call tool:never"));
	turn(&s);
	(void)add(&s, RECORD_ASK, ask("R-1"));
	(void)add(&s, RECORD_ASK, ask("R-2"));
	(void)add(&s, RECORD_RESTORE,
	    mem_strdup("{\"import\":true,\"grants\":[\"base\",\"g2\"],"
		       "\"cancelled\":[\"R-2\"],\"model\":\"script:y\"}"));
	ok(!allowed(&s, "g1") && allowed(&s, "g2") && allowed(&s, "g3") &&
		allowed(&s, "base") && s.policy.base,
	    "import: what is named stays, and every denial");
	ok(s.request_count == 1 && strcmp(s.requests[0].id, "R-1") == 0,
	    "requests that are cancelled are gone");
	ok(strcmp(s.model, "script:y") == 0, "it may bring another model");
	(void)back(&s, (int64_t)count);
	(void)back(&s, (int64_t)count - 2);
	ok(!allowed(&s, "g1"), "going back to before it gives nothing back");
	state_free(&s);
	forget();
}

static void
test_bad(void)
{
	struct journal_mark m = {.seq = 1}, out;
	struct state s, b;
	struct err e;

	birth(&s);
	turn(&s);
	ok(!back(&s, 0x7fffffff), "a later record is refused");
	ok(!back(&s, (int64_t)count + 1), "so is the restore itself");
	state_free(&s);
	forget();
	birth(&s);
	turn(&s);
	ok(back(&s, 2), "an earlier one is not");
	(void)add(&s, RECORD_RESTORE,
	    mem_printf("{\"seq\":3,\"paths\":\"%064d\"}", 7));
	ok(s.restoring == (int64_t)count, "files are to be put back");
	(void)cache_save(AT_FDCWD, &s, &m, &e);
	state_init(&b);
	ok(cache_load(AT_FDCWD, false, &b, &out) == 1 && b.jump_count == 2 &&
		b.jumps[1].at == s.jumps[1].at && b.jumps[1].to == 3 &&
		b.restoring == s.restoring && b.turn == s.turn &&
		digest_equal(&b.restore_paths, &s.restore_paths),
	    "which is known again later");
	state_free(&b);
	(void)add(&s, RECORD_RESTORE, mem_printf("{\"done\":%zu}", count));
	ok(s.restoring == 0, "until it says that they are");
	s.past.replay = NULL;
	ok(!back(&s, 2), "without the records nobody goes back");
	state_free(&s);
	forget();
}

int
main(void)
{
	test_random();
	test_authority();
	test_import();
	test_bad();
	return done();
}
