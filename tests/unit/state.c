/* The fold: what each record makes of a state, and that it is a function. */
#include "agent/state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "agent/cache.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rand.h"
#include "tap.h"

/* A history in which each type of record and each form of it occurs. */
struct line {
	enum record_type type;
	const char *body;
};

#define CALL(id, name, args)                                               \
	"{\"id\":\"" id "\",\"type\":\"function\",\"function\":{\"name\":" \
	"\"" name "\",\"arguments\":\"" args "\"}}"
#define ALLOW(grants)                                                          \
	"\"decision\":{\"verdict\":\"allow\",\"grants\":[" grants "],\"why\":" \
	"\"\"}"
#define HEX "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"

static const struct line history[] = {
    {RECORD_BORN,
	"{\"model\":\"script:x\",\"system\":\"be brief\",\"limits\":{\"turns\":"
	"9}}"},
    {RECORD_GRANT,
	"{\"grant\":\"g1\",\"from\":\"p:1\",\"line\":\"allow call tool:pay "
	"uses 2\"}"},
    {RECORD_GRANT,
	"{\"grant\":\"g2\",\"line\":\"allow read,write file:** for 1h\"}"},
    {RECORD_GRANT, "{\"grant\":\"base\",\"line\":\"base\"}"},
    {RECORD_GOAL, "{\"from\":\"user\",\"text\":\"do \\\"it\\\" \\u00e9\"}"},
    {RECORD_WAKE, "{\"pid\":1,\"model\":\"script:y\"}"},
    {RECORD_BUDGET, "{\"limits\":{\"tool_calls\":50}}"},
    {RECORD_MODEL_CALL, "{\"call\":\"m8\",\"attempt\":1}"},
    {RECORD_MODEL_REPLY,
	"{\"call\":\"m8\",\"stop\":\"calls\",\"usage\":{\"input\":10,"
	"\"output\":4,\"cached\":3},\"cost\":7,\"calls\":[" CALL("c1", "pay",
	    "{}") "," CALL("c2", "write_file", "{\\\"a\\\":1}") "," CALL("c3",
	    "read_file", "{}") "],\"provider\":{\"sig\":[1]},"
			       "\"text\":\"first\"}"},
    {RECORD_TOOL_CALL,
	"{\"call\":\"9.0\",\"tool\":\"pay\",\"effect\":\"external\"," ALLOW(
	    "\"g1\"") ",\"arguments\":\"{}\"}"},
    {RECORD_TOOL_RESULT,
	"{\"call\":\"9.0\",\"status\":\"ok\",\"text\":\"paid\"}"},
    {RECORD_TOOL_CALL, "{\"call\":\"9.1\",\"tool\":\"write_file\",\"effect\":"
		       "\"workspace\"," ALLOW("") ",\"before\":\"" HEX
						  "\",\"after\":\"" HEX "\","
						  "\"arguments\":\"{}\"}"},
    {RECORD_TOOL_CALL,
	"{\"call\":\"9.2\",\"tool\":\"read_file\",\"effect\":\"none\","
	"\"decision\":{\"verdict\":\"ask\",\"grants\":[],\"why\":\"w\"},"
	"\"arguments\":\"{}\"}"},
    {RECORD_ASK,
	"{\"request\":\"R-14\",\"call\":\"9.2\",\"tool\":\"read_file\","
	"\"effect\":\"none\",\"deadline\":\"2030-01-01T00:00:00.000000Z\","
	"\"default\":\"deny\",\"text\":\"may it?\",\"arguments\":\"{}\"}"},
    {RECORD_TOOL_RESULT,
	"{\"call\":\"9.2\",\"status\":\"pending\",\"text\":\"asked\"}"},
    {RECORD_TOOL_RESULT,
	"{\"call\":\"9.1\",\"status\":\"failed\",\"unusable\":true,"
	"\"text\":\"no\"}"},
    {RECORD_MODEL_CALL, "{\"call\":\"m17\",\"attempt\":1}"},
    {RECORD_MODEL_CALL, "{\"call\":\"m17\",\"attempt\":2}"},
    {RECORD_MODEL_REPLY,
	"{\"call\":\"m17\",\"stop\":\"other\",\"bad\":\"cut\",\"usage\":{"
	"\"input\":1},\"cost\":0,\"text\":\"\"}"},
    {RECORD_ANSWER,
	"{\"request\":\"R-14\",\"verdict\":\"approve\",\"by\":\"user\"}"},
    {RECORD_MODEL_CALL, "{\"call\":\"m21\",\"attempt\":1}"},
    {RECORD_MODEL_REPLY,
	"{\"call\":\"m21\",\"stop\":\"calls\",\"usage\":{},\"cost\":0,"
	"\"calls\":[" CALL("d1", "report", "{}") "],\"text\":\"\"}"},
    {RECORD_TOOL_CALL,
	"{\"call\":\"22.0\",\"tool\":\"report\",\"effect\":\"none\"," ALLOW(
	    "") ",\"arguments\":\"{}\"}"},
    {RECORD_TOOL_RESULT,
	"{\"call\":\"22.0\",\"status\":\"ok\",\"text\":\"all is well\"}"},
    {RECORD_TOOL_CALL,
	"{\"call\":\"u25\",\"by\":\"user\",\"tool\":\"read_file\",\"effect\":"
	"\"none\"," ALLOW("") ",\"arguments\":\"{}\"}"},
    {RECORD_TOOL_RESULT,
	"{\"call\":\"u25\",\"by\":\"user\",\"status\":\"ok\",\"text\":\"x\"}"},
    {RECORD_MODEL_CALL, "{\"call\":\"m27\",\"attempt\":1}"},
    {RECORD_MODEL_REPLY,
	"{\"call\":\"m27\",\"stop\":\"end\",\"usage\":{},\"cost\":0,"
	"\"text\":\"done\"}"},
    {RECORD_EXIT, "{\"state\":\"done\",\"status\":0,\"text\":\"done\"}"},
    {RECORD_SEAL, "{\"over\":\"x\"}"},
    {RECORD_WAKE, "{\"pid\":2}"},
    {RECORD_MAIL, "{\"from\":\"other\",\"text\":\"and this\"}"},
    {RECORD_NOTE, "{\"note\":\"n\"}"},
};

#define LAST COUNT_OF(history)

/* Records follow each other by a second. */
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

/* Records [from, to) of the history. */
static void
apply(struct state *s, size_t from, size_t to)
{
	struct err e;
	size_t i;

	for (i = from; i < to; i++)
		if (apply_one(s, history[i].type, history[i].body, &e) < 0) {
			printf("Bail out! record %zu: %s\n", i + 1, e.msg);
			exit(1);
		}
}

static void
fold(struct state *s, size_t n)
{
	state_init(s);
	apply(s, 0, n);
}

static bool
is(const char *got, const char *want)
{
	return got != NULL && strcmp(got, want) == 0;
}

/* ---- what each record does ------------------------------------------------ */

static void
test_birth(void)
{
	struct state s;

	fold(&s, 1);
	ok(is(s.model, "script:x") && s.limits.turns == 9 &&
		is(s.convo.data,
		    "{\"role\":\"system\",\"content\":\"be brief\"}"),
	    "born: the model, the limits, the system's words");
	ok(!s.needs_model && s.status == AGENT_READY,
	    "which alone ask for nothing");
	apply(&s, 1, 4);
	ok(s.policy.count > 2 && is(s.policy.grants[0].id, "g1") &&
		is(s.policy.grants[0].from, "p:1") &&
		s.policy.grants[0].limits.uses == 2 &&
		s.policy.grants[1].given == 3 * CLOCK_SECOND && s.policy.base,
	    "grant: the line, who gave it, and when");
	apply(&s, 4, 5);
	ok(s.needs_model && is(s.goal, "do \"it\" \xc3\xa9") &&
		strstr(s.convo.data,
		    ",{\"role\":\"user\",\"content\":\"do \\\"it\\\" "
		    "\\u00e9\"}") != NULL,
	    "goal: said to the model byte for byte as it was written");
	apply(&s, 5, 7);
	ok(is(s.model, "script:y") && s.status == AGENT_RUNNING,
	    "wake: another model, and it runs");
	ok(s.limits.turns == 9 && s.limits.tool_calls == 50,
	    "budget: what it names changes, the rest stays");
	state_free(&s);
}

static void
test_calls(void)
{
	const struct call *c;
	struct state s;

	fold(&s, 8);
	ok(s.model_call == 8 && s.model_call_id == 8 && s.attempt == 1 &&
		s.usage.turns == 1 && !s.needs_model,
	    "model.call: open, and one turn");
	apply(&s, 8, 9);
	ok(s.model_call == 0 && s.stop == MODEL_STOP_CALLS &&
		s.usage.input == 10 && s.usage.output == 4 &&
		s.usage.cached == 3 && s.usage.cost == 7 && is(s.text, "first"),
	    "model.reply: closed, what it cost, what it said");
	c = s.calls;
	ok(s.call_count == 3 && is(c[1].id, "9.1") && is(c[1].model_id, "c2") &&
		is(c[1].name, "write_file") &&
		is(c[1].arguments, "{\"a\":1}") && c[1].phase == CALL_WANTED,
	    "its calls are wanted, under ids of ours");
	ok(strstr(s.convo.data, "\"tool_calls\":[" CALL("c1", "pay", "{}")) !=
		    NULL &&
		strstr(s.convo.data, "\"provider\":{\"sig\":[1]}") != NULL,
	    "and stand in the conversation as the model wrote them");
	apply(&s, 9, 10);
	ok(s.calls[0].phase == CALL_OPEN && s.calls[0].seq == 10 &&
		s.calls[0].effect == EFFECT_EXTERNAL &&
		s.calls[0].verdict == GRANT_ALLOW && !s.calls[0].prepared &&
		s.usage.tool_calls == 1,
	    "tool.call: open, with its effect and verdict");
	ok(s.policy.grants[0].limits.uses == 1,
	    "a use of the grant that allowed it is spent");
	apply(&s, 10, 12);
	ok(s.calls[0].phase == CALL_CLOSED && !s.needs_model &&
		s.calls[1].prepared && s.calls[1].existed &&
		digest_equal(&s.calls[1].before, &s.calls[1].after),
	    "tool.result: closed; digests before and after are kept");
	apply(&s, 12, 14);
	ok(s.calls[2].verdict == GRANT_ASK && s.request_count == 1 &&
		is(s.requests[0].id, "R-14") && is(s.requests[0].call, "9.2") &&
		is(s.requests[0].tool, "read_file") &&
		is(s.requests[0].text, "may it?") &&
		s.requests[0].deadline > 0 && state_request(&s, "R-14") != NULL,
	    "ask: a request, with its deadline");
	apply(&s, 14, 16);
	ok(s.needs_model && s.bad_streak == 1,
	    "the last result: the model is due, and told that its call was of "
	    "no use");
	ok(strstr(s.convo.data, "\"content\":\"[pending]\\nasked\"") != NULL &&
		strstr(s.convo.data, "\"content\":\"paid\"") != NULL,
	    "a status other than ok stands before the text");
	state_free(&s);
}

static void
test_answers(void)
{
	struct state s;

	fold(&s, 18);
	ok(s.usage.turns == 2 && s.attempt == 2 && s.model_call == 18 &&
		s.model_call_id == 17,
	    "a model call that is sent again is the same turn and call");
	apply(&s, 18, 19);
	ok(s.needs_model && s.bad_streak == 2 && s.call_count == 0 &&
		strstr(s.convo.data, "could not be used: cut") != NULL,
	    "a reply of no use: the model is told why and is asked again");
	apply(&s, 19, 20);
	ok(s.request_count == 0 && s.needs_model &&
		state_approval(&s, "read_file", "{}", 0) != NULL &&
		state_approval(&s, "read_file", "{\"x\":1}", 0) == NULL &&
		state_approval(&s, "write_file", "{}", 0) == NULL,
	    "answer: an approval of that call with those arguments alone");
	ok(strstr(s.convo.data, "[request R-14: approve]") != NULL,
	    "of which the model is told");
	apply(&s, 20, 24);
	ok(is(s.report, "all is well") && s.bad_streak == 0,
	    "report: kept; and what was of use ends a bad streak");
	state_free(&s);
}

static void
test_end(void)
{
	struct state s;
	int64_t used;
	size_t len;

	fold(&s, 24);
	len = s.convo.len;
	apply(&s, 24, 26);
	ok(s.convo.len == len && s.usage.tool_calls == 4,
	    "a person's call is no part of the conversation");
	apply(&s, 26, 29);
	ok(s.status == AGENT_DONE && s.exit_status == 0 && is(s.text, "done") &&
		!s.awake,
	    "exit: the state that it ended in");
	used = s.usage.time_ns;
	ok(used == 19 * CLOCK_SECOND,
	    "time counts before what a run wrote, not before what people did: "
	    "%" PRId64,
	    used / CLOCK_SECOND);
	apply(&s, 29, 31);
	ok(s.usage.time_ns == used && s.awake,
	    "nor does the time from an exit to the next wake");
	apply(&s, 31, LAST);
	ok(s.needs_model && !is(s.goal, "and this") && s.status == AGENT_READY,
	    "mail is said to the model, and is no goal");
	ok(strstr(buf_str(&s.convo),
	       "\"content\":\"[message from other]\\nand this\"}") != NULL,
	    "with who sent it in a line before it");
	state_free(&s);
}

/* ---- records that do not belong ------------------------------------------- */

static void
test_refused(void)
{
	static const struct {
		size_t after;
		struct line line;
		const char *what;
	} rows[] = {
	    {0, {RECORD_BORN, "{}"}, "a birth without a model"},
	    {4, {RECORD_GOAL, "{}"}, "a goal without text"},
	    {4, {RECORD_GOAL, "{\"text\":1}"}, "a text that is no string"},
	    {4, {RECORD_GOAL, "{\"text\":"}, "a body that is no JSON"},
	    {4, {RECORD_GRANT, "{\"line\":\"allow read file:**\"}"},
		"a grant without an id"},
	    {7, {RECORD_MODEL_CALL, "{\"attempt\":0}"}, "attempt 0"},
	    {8, {RECORD_MODEL_REPLY, "{\"stop\":\"end\"}"},
		"a reply without text"},
	    {8, {RECORD_MODEL_REPLY, "{\"text\":\"\",\"calls\":[{}]}"},
		"a call without a name"},
	    {9, {RECORD_TOOL_CALL, "{\"call\":\"9.9\",\"effect\":\"none\"}"},
		"a call that nobody asked for"},
	    {9, {RECORD_TOOL_CALL, "{\"call\":\"9.0\",\"effect\":\"big\"}"},
		"an unknown effect"},
	    {10, {RECORD_TOOL_CALL, "{\"call\":\"9.0\",\"effect\":\"none\"}"},
		"a call made twice"},
	    {9,
		{RECORD_TOOL_RESULT,
		    "{\"call\":\"9.0\",\"status\":\"ok\",\"text\":\"\"}"},
		"the result of a call that was not made"},
	    {11,
		{RECORD_TOOL_RESULT,
		    "{\"call\":\"9.0\",\"status\":\"ok\",\"text\":\"\"}"},
		"a second result"},
	    {14, {RECORD_ANSWER, "{\"request\":\"R\",\"verdict\":\"deny\"}"},
		"the answer to no request"},
	    {20,
		{RECORD_ANSWER,
		    "{\"request\":\"R-14\",\"verdict\":\"approve\"}"},
		"a second answer"},
	    {4, {RECORD_EXIT, "{\"state\":\"gone\"}"}, "an unknown state"},
	};
	struct state s;
	struct err e;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		fold(&s, rows[i].after);
		ok(apply_one(&s, rows[i].line.type, rows[i].line.body, &e) <
			    0 &&
			e.status == EX_DATAERR,
		    "%s is refused, status 65", rows[i].what);
		state_free(&s);
	}
}

/* ---- a function of the records -------------------------------------------- */

static const struct slice tools = {"[{\"a\":1}]", 9};

static void
request_digest(
    const struct state *s, struct digest *running, struct digest *whole)
{
	struct buf text CLEANUP_BUF = {0};

	state_request_digest(s, tools, running);
	state_request_text(s, tools, &text);
	digest_of(text.data, text.len, whole);
}

static void
test_digest(void)
{
	struct digest running, whole, last = {{0}};
	size_t n, wrong = 0, same = 0;
	struct buf text CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	struct state s, again;
	struct err e;

	state_init(&s);
	for (n = 1; n <= LAST; n++) {
		apply(&s, n - 1, n);
		request_digest(&s, &running, &whole);
		if (!digest_equal(&running, &whole))
			wrong++;
		if (digest_equal(&running, &last))
			same++;
		last = running;
	}
	ok(wrong == 0, "after each record the running digest is that of the "
		       "whole request");
	ok(same > 5 && same < LAST - 5,
	    "it changes with what is said and with nothing else");
	state_request_text(&s, tools, &text);
	ok(json_parse(text.data, text.len, &j, &e) == 0 &&
		json_count(json_get(j, "messages")) == 12 &&
		is(json_get_string(j, "model"), "y") &&
		json_count(json_get(j, "tools")) == 1,
	    "the request is JSON with the messages, the model and the tools");
	fold(&again, LAST);
	request_digest(&again, &running, &whole);
	ok(digest_equal(&running, &last) && again.convo.len == s.convo.len,
	    "the same records give the same request");
	state_free(&s);
	state_free(&again);
}

/* ---- the cache ------------------------------------------------------------ */

static const struct journal_mark mark = {.seq = 33,
    .offset = 12345678901,
    .time = 1795388462123456000,
    .head.b = {9, 8, 7}};

static void
read_cache(struct buf *out)
{
	struct err e;

	buf_clear(out);
	(void)file_read(AT_FDCWD, CACHE_FILE, 1 << 20, out, &e);
}

/* For each length of history: saved, loaded, gone on with to the end, it must
 * be the state that was never saved. */
static void
test_cache(void)
{
	struct buf straight CLEANUP_BUF = {0}, b CLEANUP_BUF = {0};
	struct digest want, got;
	struct journal_mark m;
	struct state s, back;
	size_t n, wrong = 0;
	struct err e;

	fold(&s, LAST);
	state_request_digest(&s, tools, &want);
	ok(cache_save(AT_FDCWD, &s, &mark, &e) == 0, "a state is saved");
	read_cache(&straight);
	state_free(&s);
	for (n = 1; n <= LAST; n++) {
		fold(&s, n);
		state_init(&back);
		if (cache_save(AT_FDCWD, &s, &mark, &e) < 0 ||
		    cache_load(AT_FDCWD, false, &back, &m) != 1 ||
		    memcmp(&m, &mark, sizeof(m)) != 0) {
			printf("# not used when saved after record %zu\n", n);
			wrong++;
			state_free(&s);
			state_free(&back);
			continue;
		}
		apply(&back, n, LAST);
		state_request_digest(&back, tools, &got);
		(void)cache_save(AT_FDCWD, &back, &mark, &e);
		read_cache(&b);
		if (!digest_equal(&got, &want) || b.len != straight.len ||
		    memcmp(b.data, straight.data, b.len) != 0) {
			printf("# differs when saved after record %zu\n", n);
			wrong++;
		}
		state_free(&s);
		state_free(&back);
	}
	ok(wrong == 0, "saved and loaded after any record, it goes on to the "
		       "same state and the same request");
}

/* What a later record would not show. */
static void
test_cache_fields(void)
{
	struct journal_mark m;
	struct state s, b;
	struct err e;

	fold(&s, 14);
	state_init(&b);
	(void)cache_save(AT_FDCWD, &s, &mark, &e);
	ok(cache_load(AT_FDCWD, false, &b, &m) == 1 && b.call_count == 3 &&
		b.calls[1].prepared && b.calls[1].existed &&
		b.calls[1].phase == CALL_OPEN && b.calls[1].seq == 12 &&
		b.calls[1].effect == EFFECT_WORKSPACE &&
		digest_equal(&b.calls[1].after, &s.calls[1].after) &&
		digest_equal(&b.calls[1].before, &s.calls[1].before) &&
		b.calls[2].verdict == GRANT_ASK &&
		is(b.calls[1].arguments, "{\"a\":1}"),
	    "calls come back with all that recovery needs");
	ok(b.request_count == 1 && b.requests[0].seq == 14 &&
		b.requests[0].deadline == s.requests[0].deadline &&
		is(b.requests[0].arguments, "{}") &&
		is(b.requests[0].effect, "none"),
	    "requests come back");
	ok(b.policy.count == s.policy.count &&
		b.policy.grants[0].limits.uses == 1 &&
		is(b.policy.grants[0].id, "g1") &&
		is(b.policy.grants[0].from, "p:1") &&
		is(b.policy.grants[2].from, "base") &&
		b.policy.grants[1].given == 3 * CLOCK_SECOND &&
		b.policy.grants[1].limits.for_ns == 3600 * CLOCK_SECOND &&
		b.policy.base == s.policy.base,
	    "grants come back in their order, with the uses left");
	ok(b.usage.time_ns == s.usage.time_ns && b.usage.cost == 7 &&
		b.limits.tool_calls == 50 && b.seq == 14 &&
		b.time == 14 * CLOCK_SECOND && b.awake && b.model_call_id == 8,
	    "so do limits, usage and times");
	state_free(&s);
	state_free(&b);
	state_init(&b);
	ok(cache_load(AT_FDCWD, true, &b, &m) == 1 && b.convo.len == 0 &&
		is(b.goal, "do \"it\" \xc3\xa9") && b.usage.turns == 1 &&
		m.seq == mark.seq,
	    "in brief the conversation is left out");
	state_free(&b);
}

/* A file that holds these bytes is not used, and the state stays fresh. */
static bool
unused(const char *data, size_t len)
{
	struct journal_mark m = {.seq = 77};
	struct digest got, fresh;
	struct state s;
	struct err e;
	bool good;
	int r;

	state_init(&s);
	s.model = mem_strdup("m:x");
	state_request_digest(&s, tools, &fresh);
	free(s.model);
	s.model = NULL;
	(void)file_cache(AT_FDCWD, CACHE_FILE, data, len, &e);
	r = cache_load(AT_FDCWD, false, &s, &m);
	good = r == 0 && m.seq == 77 && s.seq == 0 && s.call_count == 0 &&
	       s.policy.count == 0 && s.convo.len == 0 && s.goal == NULL &&
	       s.model == NULL;
	free(s.model);
	s.model = mem_strdup("m:x");
	state_request_digest(&s, tools, &got);
	good = good && digest_equal(&got, &fresh);
	state_free(&s);
	return good;
}

static void
test_cache_changed(void)
{
	struct buf b CLEANUP_BUF = {0};
	size_t i, cut = 0, changed = 0;
	struct state s;
	struct err e;

	fold(&s, 14);
	(void)cache_save(AT_FDCWD, &s, &mark, &e);
	state_free(&s);
	read_cache(&b);
	for (i = 0; i < b.len; i++) {
		if (!unused(b.data, i))
			cut++;
		b.data[i] ^= 1;
		if (!unused(b.data, b.len))
			changed++;
		b.data[i] ^= 1;
	}
	ok(cut == 0, "a cache that is cut anywhere is not used (%zu were)",
	    cut);
	ok(changed == 0, "nor is one with a bit changed anywhere (%zu were)",
	    changed);
	ok(!unused(b.data, b.len), "unchanged it is");
	buf_puts(&b, "x");
	ok(unused(b.data, b.len), "with a byte more it is not");
	(void)unlink(CACHE_FILE);
	state_init(&s);
	ok(cache_load(AT_FDCWD, false, &s, &(struct journal_mark){0}) == 0,
	    "where there is none, there is none");
	state_free(&s);
}

int
main(void)
{
	test_birth();
	test_calls();
	test_answers();
	test_end();
	test_refused();
	test_digest();
	test_cache();
	test_cache_fields();
	test_cache_changed();
	return done();
}
