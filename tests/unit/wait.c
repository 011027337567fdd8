/* Waits: their records, what ends them, and who waits for ever. */
#include "agent/wait.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/cache.h"
#include "agent/turn.h"
#include "agent/waitgraph.h"
#include "base/file.h"
#include "base/mem.h"
#include "tap.h"

#define HOUR (3600 * CLOCK_SECOND)
#define A    "01AAAAAAAAAAAAAAAAAAAAAAAA"
#define B    "01BBBBBBBBBBBBBBBBBBBBBBBB"
#define C    "01CCCCCCCCCCCCCCCCCCCCCCCC"

static int64_t seq;

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

/* An agent with one call that waits like this: whether it was taken. */
static int
start(struct state *s, const char *wait)
{
	char *body CLEANUP_FREE = NULL;

	seq = 0;
	state_init(s);
	(void)apply(s, RECORD_BORN, "{\"model\":\"m\"}");
	(void)apply(s, RECORD_MODEL_CALL, "{\"attempt\":1}");
	(void)apply(s, RECORD_MODEL_REPLY,
	    "{\"text\":\"\",\"calls\":[{\"id\":\"c\",\"type\":\"function\","
	    "\"function\":{\"name\":\"sleep\",\"arguments\":\"{}\"}}]}");
	body = mem_printf("{\"call\":\"%s\",\"effect\":\"none\",\"decision\":"
			  "{\"verdict\":\"allow\"}}",
	    s->calls[0].id);
	(void)apply(s, RECORD_TOOL_CALL, body);
	free(body);
	body = mem_printf("{\"call\":\"%s\",%s}", s->calls[0].id, wait);
	return apply(s, RECORD_WAIT, body);
}

static bool
nobody(void *arg, const char *id)
{
	(void)arg;
	(void)id;
	return false;
}

static bool
is_one(void *arg, const char *id)
{
	return strcmp(arg, id) == 0;
}

static enum wait_end
look(const struct state *s, const struct moment *m)
{
	return wait_look(s, s->calls[0].wait, m, nobody, NULL);
}

/* ---- records --------------------------------------------------------------------- */

static void
check_records(void)
{
	static const char *const bad[] = {"\"from\":\"x\"", "\"agents\":[]",
	    "\"until\":\"tomorrow\"", "\"mail\":false"};
	struct action act;
	struct state s;
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++) {
		ok(start(&s, bad[i]) < 0, "a wait for nothing is none: %s",
		    bad[i]);
		state_free(&s);
	}
	ok(start(&s, "\"until\":\"2030-01-01T00:00:00Z\"") == 0 &&
		s.calls[0].phase == CALL_WAITS,
	    "a call waits until a time");
	turn_next(&s, NULL, NULL, &act);
	ok(act.kind == ACT_WAIT && strstr(act.why, "timer") != NULL,
	    "and the agent with it");
	ok(apply(&s, RECORD_WAIT,
	       "{\"call\":\"3.0\",\"until\":\"2030-01-01T00:00:00Z\"}") < 0,
	    "it cannot begin to wait once more");
	ok(apply(&s, RECORD_TOOL_RESULT,
	       "{\"call\":\"3.0\",\"status\":\"ok\",\"text\":\"t\"}") == 0 &&
		s.calls[0].phase == CALL_CLOSED && s.calls[0].wait == NULL &&
		s.needs_model,
	    "its result ends it");
	state_free(&s);
}

static void
check_kept(void)
{
	struct state s, t;
	struct journal_mark m = {.seq = 1}, n;
	char dir[] = "/tmp/agentutils-wait.XXXXXX";
	struct err e;
	int fd;

	(void)start(&s, "\"agents\":[\"" A "\",\"" B "\"],\"mode\":\"any\","
			"\"until\":\"2030-01-01T00:00:00Z\",\"boot\":\"b\","
			"\"clock\":\"2029-01-01T00:00:00Z\",\"due\":77");
	(void)wait_tell(&s, B, AGENT_FAILED, "it broke");
	ok(mkdtemp(dir) != NULL && file_open_dir(dir, false, &fd, &e) == 0,
	    "a folder");
	state_init(&t);
	ok(cache_save(fd, &s, &m, &e) == 0 && cache_load(fd, true, &t, &n) == 1,
	    "a state with a wait is kept");
	ok(t.calls[0].wait->agent_count == 2 && !t.calls[0].wait->all &&
		t.calls[0].wait->until == s.calls[0].wait->until &&
		t.calls[0].wait->clock == s.calls[0].wait->clock &&
		t.calls[0].wait->due == 77 * CLOCK_MILLI &&
		strcmp(t.calls[0].wait->boot, "b") == 0,
	    "whole");
	ok(!t.calls[0].wait->agents[0].ended &&
		t.calls[0].wait->agents[1].ended &&
		t.calls[0].wait->agents[1].state == AGENT_FAILED &&
		strcmp(t.calls[0].wait->agents[1].said, "it broke") == 0,
	    "with what those that ended said");
	(void)close(fd);
	(void)file_remove_tree(AT_FDCWD, dir, &e);
	state_free(&s);
	state_free(&t);
}

/* ---- time --------------------------------------------------------------------------- */

static void
check_time(void)
{
	const struct moment begin = {
	    .now = HOUR, .clock = HOUR, .uptime = 5, .boot = "one"};
	struct moment m = begin;
	struct wait w = {0};

	ok(wait_left(&w, &m) == CLOCK_NEVER, "without a time it has no end");
	wait_set_time(&w, &m, 60 * CLOCK_SECOND);
	ok(wait_left(&w, &m) == 60 * CLOCK_SECOND, "a minute is a minute");
	m.now = m.clock = HOUR + 59 * CLOCK_SECOND;
	m.uptime += 59 * CLOCK_SECOND;
	ok(wait_left(&w, &m) == CLOCK_SECOND, "which passes");
	m.now = m.clock = 2 * HOUR;
	ok(wait_left(&w, &m) <= 0, "a clock set forward ends it");
	m = begin;
	m.uptime += 60 * CLOCK_SECOND;
	m.clock = 1; /* the effective time stands still */
	ok(wait_left(&w, &m) <= 0, "one set back does not stop it");
	m.uptime -= CLOCK_SECOND;
	ok(wait_left(&w, &m) == CLOCK_SECOND, "nor end it before its time");
	(void)snprintf(m.boot, sizeof(m.boot), "two");
	m.uptime = 1;
	ok(wait_left(&w, &m) <= 0,
	    "set back and started anew: early is better than never");
	m.clock = begin.clock - 30 * CLOCK_SECOND;
	ok(wait_left(&w, &m) == 60 * CLOCK_SECOND,
	    "but hosts' clocks may differ a little");
	m.now = m.clock = HOUR + 60 * CLOCK_SECOND;
	ok(wait_left(&w, &m) <= 0, "after a start only the clock counts");
	free(w.boot);
	w = (struct wait){.until = HOUR};
	m.uptime = HOUR;
	m.now = m.clock = HOUR - 1;
	ok(wait_left(&w, &m) == 1,
	    "a time that was named is the clock's alone");
}

/* ---- ends ------------------------------------------------------------------------------ */

static void
check_ends(void)
{
	struct moment m = {.now = 1};
	struct state s;

	(void)start(&s, "\"agents\":[\"" A "\",\"" B "\"],\"mode\":\"all\"");
	ok(look(&s, &m) == WAIT_ON, "no agent has ended");
	ok(wait_look(&s, s.calls[0].wait, &m, is_one, (void *)(uintptr_t)A) ==
		WAIT_ON,
	    "one of all is not all");
	ok(apply(&s, RECORD_MAIL,
	       "{\"from\":\"" A "\",\"kind\":\"exit\",\"state\":\"done\","
	       "\"status\":0,\"mail\":\"" A ".9.0\",\"text\":\"fine\"}") == 0 &&
		s.held_count == 0 && s.mail.turn_count == 0,
	    "a child's end that is waited for is no message");
	ok(look(&s, &m) == WAIT_ON && wait_look(&s, s.calls[0].wait, &m, is_one,
					  (void *)(uintptr_t)B) == WAIT_AGENTS,
	    "it counts with what is seen of others");
	ok(apply(&s, RECORD_MAIL,
	       "{\"from\":\"" C "\",\"kind\":\"exit\",\"state\":\"done\","
	       "\"status\":0,\"mail\":\"" C ".9.0\",\"text\":\"too\"}") == 0 &&
		look(&s, &m) == WAIT_MESSAGE,
	    "that of another child is said, and ends the wait");
	state_free(&s);
	(void)start(&s, "\"agents\":[\"" A "\",\"" B "\"],\"mode\":\"any\"");
	ok(wait_look(&s, s.calls[0].wait, &m, is_one, (void *)(uintptr_t)B) ==
		WAIT_AGENTS,
	    "any one is enough for any");
	state_free(&s);
}

static void
check_mail(void)
{
	struct moment m = {.now = 1};
	struct state s;

	(void)start(&s, "\"mail\":true,\"event\":\"built\"");
	(void)apply(&s, RECORD_MAIL,
	    "{\"from\":\"ci\",\"kind\":\"event\",\"event\":\"failed\","
	    "\"text\":\"\"}");
	ok(look(&s, &m) == WAIT_ON, "another event is kept");
	(void)apply(&s, RECORD_MAIL,
	    "{\"from\":\"ci\",\"kind\":\"event\",\"event\":\"built\","
	    "\"text\":\"v2\"}");
	ok(look(&s, &m) == WAIT_EVENT &&
		wait_event(&s, s.calls[0].wait)->at == seq,
	    "the one that is waited for ends it");
	(void)apply(&s, RECORD_TOOL_RESULT,
	    "{\"call\":\"3.0\",\"status\":\"ok\",\"took\":7,\"text\":\"t\"}");
	ok(s.mail.event_count == 1 &&
		strcmp(s.mail.events[0].name, "failed") == 0,
	    "and its result takes it");
	state_free(&s);
	(void)start(&s, "\"mail\":true,\"from\":\"ann\"");
	(void)apply(&s, RECORD_MAIL,
	    "{\"from\":\"ci\",\"kind\":\"event\",\"event\":\"built\","
	    "\"text\":\"\"}");
	ok(look(&s, &m) == WAIT_ON, "nor is another sender's");
	(void)apply(&s, RECORD_GOAL, "{\"text\":\"hello\"}");
	ok(look(&s, &m) == WAIT_MESSAGE, "what is said ends every wait");
	state_free(&s);
}

/* ---- who waits for ever ------------------------------------------------------------------ */

static void
add(struct waitgraph *g, const char *id, const char *wait)
{
	struct state s;

	(void)start(&s, wait);
	s.awake = false;
	waitgraph_take(g, id, &s);
	state_free(&s);
}

static void
check_graph(void)
{
	struct waitgraph g = {0};
	char *ring;

	add(&g, A, "\"agents\":[\"" B "\"]");
	add(&g, B, "\"agents\":[\"" C "\"]");
	ok(waitgraph_solve(&g) == 0, "a chain has an end");
	add(&g, C, "\"agents\":[\"" A "\"]");
	ok(waitgraph_solve(&g) == 3, "a ring has none");
	ring = waitgraph_ring(&g, waitgraph_find(&g, A));
	ok(strcmp(ring, A " waits for " B " waits for " C " waits for " A) == 0,
	    "and is told");
	free(ring);
	waitgraph_free(&g);
	add(&g, A, "\"agents\":[\"" B "\"]");
	add(&g, B, "\"agents\":[\"" A "\"],\"until\":\"2030-01-01T00:00:00Z\"");
	ok(waitgraph_solve(&g) == 0, "a time limit breaks it");
	waitgraph_free(&g);
	add(&g, A, "\"agents\":[\"" B "\"]");
	add(&g, B, "\"agents\":[\"" A "\",\"" C "\"],\"mode\":\"any\"");
	ok(waitgraph_solve(&g) == 0, "so does another that may end");
	waitgraph_free(&g);
	add(&g, A, "\"agents\":[\"" B "\"]");
	add(&g, B, "\"agents\":[\"" A "\",\"" C "\"],\"mode\":\"all\"");
	ok(waitgraph_solve(&g) == 2, "but not when all are waited for");
	waitgraph_free(&g);
	add(&g, A, "\"agents\":[\"" A "\"]");
	ok(waitgraph_solve(&g) == 1, "one may wait for itself");
	waitgraph_free(&g);
}

int
main(void)
{
	check_records();
	check_kept();
	check_time();
	check_ends();
	check_mail();
	check_graph();
	return done();
}
