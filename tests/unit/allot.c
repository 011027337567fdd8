/* Limits, what is used of them, and what children get. */
#include "agent/allot.h"

#include <string.h>

#include "base/clock.h"
#include "sandbox/account.h"
#include "tap.h"

/* A small generator, so that a failure can be seen again. */
static uint64_t
next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return *seed >> 33;
}

static const char *
text_of_limits(const struct limits *l)
{
	static struct buf out;
	struct jsonw w = {.out = &out};

	buf_clear(&out);
	limits_write(&w, NULL, l);
	return buf_str(&out);
}

static void
read_back(const char *text, struct limits *l)
{
	struct json *j CLEANUP_JSON = NULL;
	struct err e;

	if (json_parse(text, strlen(text), &j, &e) == 0)
		limits_read(j, l);
}

static void
test_records(void)
{
	struct limits l = {.turns = 9,
			  .tool_calls = LIMIT_NOTHING,
			  .time_ns = 3 * CLOCK_SECOND,
			  .cpu_ns = CLOCK_SECOND / 2,
			  .bytes = 4096,
			  .children = 2},
		      back = {.cost = 7};

	ok(strcmp(text_of_limits(&l),
	       "{\"turns\":9,\"tool_calls\":0,\"seconds\":3,\"cpu_seconds\":1,"
	       "\"bytes\":4096,\"children\":2}") == 0,
	    "limits that are set are written, times in whole seconds");
	read_back(text_of_limits(&l), &back);
	ok(back.tool_calls == LIMIT_NOTHING, "0 is a limit of nothing");
	ok(limits_of(&back, BUDGET_TOOL_CALLS) == 0, "which leaves nothing");
	ok(back.tokens == 0, "what is absent is no limit");
	ok(limits_of(&back, BUDGET_TOKENS) == INT64_MAX, "and leaves all");
	ok(back.cost == 7, "others stay as they are");
	read_back("{\"turns\":-1,\"bytes\":9007199254740992,"
		  "\"seconds\":9007199254740992}",
	    &back);
	ok(back.turns == 9, "a negative one is none");
	ok(back.time_ns == 3 * CLOCK_SECOND, "nor is one past all time");
}

static void
test_usage(void)
{
	struct usage u = {.input = INT64_MAX / 2, .output = INT64_MAX / 2},
		     v = {.turns = 3,
			 .input = 10,
			 .output = 4,
			 .time_ns = 5 * CLOCK_MILLI,
			 .cpu_ns = 7000,
			 .bytes = 8},
		     back = {.turns = 99};
	struct buf out CLEANUP_BUF = {0};
	struct jsonw w = {.out = &out};
	struct json *j CLEANUP_JSON = NULL;
	struct err e;

	usage_write(&w, NULL, &v);
	ok(strcmp(buf_str(&out),
	       "{\"turns\":3,\"tool_calls\":0,\"input\":10,\"output\":4,"
	       "\"cached\":0,\"cost\":0,\"milliseconds\":5,\"cpu_us\":7,"
	       "\"bytes\":8,\"children\":0}") == 0,
	    "usage is written as records hold it");
	ok(json_parse(buf_str(&out), out.len, &j, &e) == 0, "which is JSON");
	usage_read(j, &back);
	ok(memcmp(&back, &v, sizeof(v)) == 0, "and read back");
	ok(usage_of(&v, BUDGET_TOKENS) == 14,
	    "tokens are those of both directions");
	usage_add(&u, &u);
	ok(usage_of(&u, BUDGET_TOKENS) > 0 &&
		usage_of(&u, BUDGET_TOKENS) < INT64_MAX,
	    "sums past all numbers are large numbers");
}

static void
test_account(void)
{
	struct account a = {0}, b = {.cpu_ns = 5, .written = 9000};

	account_parse("rchar: 1\nwchar: 22\nsyscr: 3\nsyscw: 4\n"
		      "read_bytes: 5\nwrite_bytes: 8192\n"
		      "cancelled_write_bytes: 7\n",
	    &a);
	ok(a.handed == 22 && a.written == 8192, "what the kernel counts");
	account_parse("wchar: 1\nwrite_bytes: x\n", &a);
	ok(a.handed == 23 && a.written == 8192, "adds up, if it is a number");
	account_parse("", &a);
	account_parse("\n\nwchar", &a);
	ok(a.handed == 23, "and what it does not say is nothing");
	account_most(&a, &b);
	ok(a.cpu_ns == 5 && a.handed == 23 && a.written == 9000,
	    "of two accounts the greater of each is true");
}

static void
test_share(void)
{
	const struct limits left = {.turns = 10,
	    .tokens = 1000,
	    .cost = 8,
	    .time_ns = 10 * CLOCK_SECOND,
	    .bytes = 40,
	    .children = 5};
	struct limits got = {.turns = 77}, ask = {0};
	struct err e;

	ok(allot_share(&left, 3, NULL, &got, &e) == 0, "unasked, each child");
	ok(strcmp(text_of_limits(&got), "{\"turns\":2,\"tokens\":250,\"cost\":"
					"2,\"seconds\":2,\"bytes\":10,"
					"\"children\":0}") == 0,
	    "gets one part of one more than there are, of all that is limited");
	ask.turns = 5;
	ok(allot_share(&left, 2, &ask, &got, &e) == 0, "asked for, it gets");
	ok(got.turns == 5, "that, to the last");
	ask.turns = 6;
	got.turns = 77;
	ok(allot_share(&left, 2, &ask, &got, &e) == -1, "more is refused");
	ok(e.status == EX_LIMIT, "with the status of a limit");
	ok(strstr(e.msg, "limit of turns leaves 10: not enough for 2 children"),
	    "and says what is left");
	ok(got.turns == 77, "nobody gets any");
	ok(allot_share(&left, 10, NULL, &got, &e) == -1,
	    "too many for each to have a turn are refused");
	ok(allot_share(&left, 6, &(struct limits){.turns = 1}, &got, &e) == -1,
	    "as are more children than there may be");
	ok(strstr(e.msg, "children leaves 5"), "which is said");
	ask = (struct limits){.turns = 1, .children = 1};
	ok(allot_share(&left, 2, &ask, &got, &e) == 0,
	    "children of children are besides");
	ask.children = 2;
	ok(allot_share(&left, 2, &ask, &got, &e) == -1, "of the same limit");
	ok(allot_share(&(struct limits){0}, 1000, &ask, &got, &e) == 0,
	    "without limits a child gets what it asks for");
	ok(got.turns == 1, "and no more");
	ok(got.tokens == 0, "nothing else is limited");
	ok(allot_share(&left, 0, NULL, &got, &e) == -1, "no child is none");
	ok(e.status == EX_USAGE, "a usage error");
	ok(allot_share(&left, SIZE_MAX, NULL, &got, &e) == -1, "as are all");
}

/* Whatever is left and asked for: all that is given was there. */
static void
test_share_sums(void)
{
	struct limits left, ask, got;
	uint64_t seed = 5;
	int round, given = 0, bad = 0;
	enum budget_kind k;
	struct err e;
	size_t n;

	for (round = 0; round < 20000; round++) {
		n = 1 + next(&seed) % 20;
		for (k = 0; k < BUDGET_KINDS; k++) {
			limits_set(&left, k,
			    next(&seed) % 3 == 0
				? INT64_MAX
				: (int64_t)(next(&seed) % 64) * CLOCK_SECOND /
				      (int64_t)(1 + next(&seed) % 4));
			limits_set(&ask, k,
			    next(&seed) % 4 != 0
				? INT64_MAX
				: (int64_t)(next(&seed) % 8) * CLOCK_SECOND);
		}
		if (allot_share(&left, n, &ask, &got, &e) < 0)
			continue;
		given++;
		for (k = 0; k < BUDGET_KINDS; k++) {
			int64_t from = limits_of(&left, k);
			int64_t each = limits_of(&got, k);
			int64_t self = k == BUDGET_CHILDREN ? 1 : 0;

			if (from != INT64_MAX &&
			    (each == INT64_MAX ||
				(each + self) * (int64_t)n > from))
				bad++;
			if (limits_of(&ask, k) != INT64_MAX &&
			    each != limits_of(&ask, k))
				bad++;
		}
	}
	ok(given > 100, "of random wishes many can be granted");
	ok(bad == 0, "never is more given than there is, or than was asked");
}

int
main(void)
{
	test_records();
	test_usage();
	test_account();
	test_share();
	test_share_sums();
	return done();
}
