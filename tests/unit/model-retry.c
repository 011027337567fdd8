#include "tap.h"

#include <string.h>

#include "model/retry.h"

static struct retry_error error;

static struct retry_facts
facts(long status, const char *body)
{
	retry_error_read((struct slice){body, strlen(body)}, &error);
	return (struct retry_facts){
	    .status = status,
	    .after = "",
	    .after_ms = "",
	    .should_retry = "",
	    .error = &error,
	    .attempts = 1,
	    .retries = 2,
	};
}

static bool
again(long status, const char *body)
{
	struct retry_facts f = facts(status, body);
	int64_t wait;

	return retry_wanted(&f, &wait);
}

static int64_t
wait_of(const char *after, const char *after_ms)
{
	struct retry_facts f = facts(429, "{}");
	int64_t wait = -1;

	f.after = after;
	f.after_ms = after_ms;
	f.now = (int64_t)784111777 * CLOCK_SECOND; /* RFC 9110's example */
	(void)retry_wanted(&f, &wait);
	return wait / CLOCK_MILLI;
}

static void
test_status(void)
{
	static const long yes[] = {0, 408, 409, 429, 500, 502, 503, 504, 529};
	static const long no[] = {301, 400, 401, 402, 403, 404, 413, 422};
	size_t i;

	for (i = 0; i < COUNT_OF(yes); i++)
		ok(again(yes[i], ""), "%ld is tried again", yes[i]);
	for (i = 0; i < COUNT_OF(no); i++)
		ok(!again(no[i], ""), "%ld is not", no[i]);
}

static void
test_codes(void)
{
	static const char *const spent[] = {
	    "{\"error\":{\"type\":\"insufficient_quota\",\"code\":null}}",
	    "{\"error\":{\"code\":\"insufficient_quota\"}}",
	    "{\"error\":{\"code\":\"credit_balance_exhausted\"}}",
	    "{\"error\":{\"code\":\"organization_spend_limit_exceeded\"}}",
	    "{\"error\":{\"code\":\"project_spend_limit_exceeded\"}}",
	    "{\"error\":{\"code\":\"organization_usage_limit_exceeded\"}}",
	    "{\"error\":{\"details\":{\"error_code\":\"a_spend_limit\"}}}",
	};
	size_t i;

	for (i = 0; i < COUNT_OF(spent); i++)
		ok(!again(429, spent[i]), "a 429 is final: %s", spent[i]);
	ok(again(429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}"),
	    "a rate is not");
	ok(again(429, "{\"error\":{\"code\":\"slow_down\"}}"),
	    "nor is a plea to slow down");
	ok(again(503, "{\"error\":{\"code\":\"server_is_overloaded\"}}"),
	    "nor an overload");
	ok(!again(500, "{\"error\":{\"code\":500,\"message\":\"[json.exception."
		       "parse_error.101] parse error at line 1\"}}"),
	    "a 500 that cannot parse the request is final");
	ok(again(500, "{\"error\":{\"message\":\"hiccup\"}}"),
	    "any other 500 is not");
	(void)facts(500,
	    "{\"error\":{\"message\":\"The model produced output "
	    "that does not match the expected peg-native format\"}}");
	ok(retry_is_bad_reply(500, &error),
	    "output that a server cannot parse is a bad reply");
	ok(!retry_is_bad_reply(400, &error), "but only as a 500");
}

static void
test_header(void)
{
	struct retry_facts f = facts(400, "");
	int64_t wait;

	f.should_retry = "true";
	ok(retry_wanted(&f, &wait), "x-should-retry: true wins");
	f = facts(503, "");
	f.should_retry = "false";
	ok(!retry_wanted(&f, &wait), "x-should-retry: false wins");
	f = facts(503, "");
	f.attempts = 2;
	ok(retry_wanted(&f, &wait), "two attempts of three leave one");
	f.attempts = 3;
	ok(!retry_wanted(&f, &wait), "three are all");
}

static void
test_waits(void)
{
	struct retry_facts f = facts(503, "");
	int64_t wait;
	unsigned n;

	ok(wait_of("2", "") == 2000, "Retry-After in seconds");
	ok(wait_of("0.25", "") == 250, "with decimals");
	ok(wait_of("2", "70.5") == 70, "retry-after-ms comes first");
	ok(wait_of("Sun, 06 Nov 1994 08:49:47 GMT", "") == 10000,
	    "Retry-After as a date");
	ok(wait_of("Sun, 06 Nov 1994 08:00:00 GMT", "") == 0,
	    "a date that passed is now");
	ok(wait_of("-5", "") == 0, "so is a negative number");
	ok(wait_of("3600", "") == 60000, "a minute is the longest");
	ok(wait_of("1e300", "") == 60000, "whatever is asked for");
	ok(wait_of("soon", "") == 500, "nonsense is no wait named");
	f.retries = 10;
	for (n = 1; n <= 6; n++) {
		int64_t full = n < 5 ? 500 << (n - 1) : 8000;

		f.attempts = n;
		f.random = 0;
		(void)retry_wanted(&f, &wait);
		ok(wait == full * CLOCK_MILLI, "after attempt %u: %lld ms", n,
		    (long long)full);
		f.random = UINT32_MAX;
		(void)retry_wanted(&f, &wait);
		ok(wait >= full * 3 / 4 * CLOCK_MILLI &&
			wait <= full * 3 / 4 * CLOCK_MILLI + CLOCK_MILLI,
		    "or a quarter less");
	}
}

static void
test_messages(void)
{
	(void)facts(400, "{\"error\":\"model not found\"}");
	ok(strcmp(error.message, "model not found") == 0,
	    "an error that is a string is its message");
	(void)facts(400, "{\"error\":{\"code\":400,\"type\":\"t\","
			 "\"message\":\"m\"}}");
	ok(strcmp(error.code, "400") == 0 && strcmp(error.type, "t") == 0 &&
		strcmp(error.message, "m") == 0,
	    "a code may be a number");
	(void)facts(502, "<html>\nBad\x01 gateway \xff");
	ok(strcmp(error.message, "<html> Bad  gateway \xef\xbf\xbd") == 0,
	    "what is not JSON is shown as it begins, made harmless");
	(void)facts(502, "");
	ok(error.message[0] == '\0', "nothing is nothing");
}

int
main(void)
{
	test_status();
	test_codes();
	test_header();
	test_waits();
	test_messages();
	return done();
}
