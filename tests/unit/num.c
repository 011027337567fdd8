/* Numbers as people write them: the whole string or nothing. */
#include "base/num.h"

#include <errno.h>

#include "base/clock.h"
#include "tap.h"

#define NONE INT64_MIN

struct number {
	const char *text;
	int64_t want; /* NONE: refused */
};

static const struct number ints[] = {{"0", 0}, {"7", 7}, {"-7", -7},
    {"1000", 1000}, {"-1000", -1000}, {"007", 7}, {"1001", NONE},
    {"-1001", NONE}, {"", NONE}, {"-", NONE}, {"+1", NONE}, {" 1", NONE},
    {"1 ", NONE}, {"1x", NONE}, {"0x10", NONE}, {"1.0", NONE}, {"--1", NONE},
    {"99999999999999999999", NONE}};

static const struct number sizes[] = {{"0", 0}, {"10", 10}, {"1K", 1024},
    {"1k", 1024}, {"3M", 3 << 20}, {"2G", (int64_t)2 << 30},
    {"1T", (int64_t)1 << 40}, {"", NONE}, {"K", NONE}, {"1KB", NONE},
    {"1P", NONE}, {"-1", NONE}, {"1.5K", NONE}, {"1.05K", NONE}, {"1 K", NONE},
    {"8388608T", NONE}, {"9223372036854775807", INT64_MAX},
    {"9223372036854775808", NONE}};

static const struct number durations[] = {{"0", 0}, {"90", 90 * CLOCK_SECOND},
    {"90s", 90 * CLOCK_SECOND}, {"1.5s", 1500 * CLOCK_MILLI},
    {"250ms", 250 * CLOCK_MILLI}, {"0.5ms", CLOCK_MILLI / 2},
    {"10m", 600 * CLOCK_SECOND}, {"0.5m", 30 * CLOCK_SECOND},
    {"2h", 7200 * CLOCK_SECOND}, {"7d", 604800 * CLOCK_SECOND},
    {"0.000000001s", 1}, {"0.0000000001s", NONE}, {"0.00000000001s", NONE},
    {"", NONE}, {"s", NONE}, {".5s", NONE}, {"1.s", NONE}, {"1.2.3s", NONE},
    {"1y", NONE}, {"1S", NONE}, {"-1s", NONE}, {"1h30m", NONE},
    {"106751d", INT64_C(106751) * 86400 * CLOCK_SECOND}, {"106752d", NONE}};

static const struct number money[] = {{"0", 0}, {"2", 2000000},
    {"0.25", 250000}, {"0.000001", 1}, {"1.000000", 1000000},
    {"1.0000000", 1000000}, {"0.0000001", NONE}, {"0.00000001", NONE},
    {"0.00000005", NONE}, {"", NONE}, {".5", NONE}, {"1.", NONE}, {"-1", NONE},
    {"$1", NONE}, {"1e3", NONE},
    {"9223372036854", INT64_C(9223372036854000000)}, {"9223372036855", NONE}};

static int
read_int(const char *s, int64_t *out)
{
	return num_int(s, -1000, 1000, out);
}

static void
check(const char *what, const struct number *n, size_t count,
    int (*read)(const char *, int64_t *))
{
	size_t i;

	for (i = 0; i < count; i++) {
		int64_t v = 123456789;
		int r = read(n[i].text, &v);

		if (n[i].want == NONE)
			ok(r == -1 && v == 123456789 &&
				(errno == EINVAL || errno == ERANGE),
			    "'%s' is no %s, and nothing is changed", n[i].text,
			    what);
		else
			ok(r == 0 && v == n[i].want, "'%s' is the %s %lld",
			    n[i].text, what, (long long)n[i].want);
	}
}

static const struct {
	const char *text;
	bool good;
	double want;
} doubles[] = {{"-3", true, -3}, {"2.5e1", true, 25}, {"0", true, 0},
    {"1e-400", true, 0}, {"1e400", false, 0}, {"inf", false, 0},
    {"nan", false, 0}, {"0x10", false, 0}, {"", false, 0}, {"e", false, 0},
    {"1e", false, 0}, {"1 ", false, 0}, {"--1", false, 0}, {"1,5", false, 0}};

static void
test_doubles(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(doubles); i++) {
		double v = 77;
		int r = num_double(doubles[i].text, &v);
		double d = v - (doubles[i].good ? doubles[i].want : 77);

		ok((r == 0) == doubles[i].good && d < 1e-300 && d > -1e-300,
		    "'%s' is %s decimal", doubles[i].text,
		    doubles[i].good ? "a" : "no");
	}
}

int
main(void)
{
	check("integer", ints, COUNT_OF(ints), read_int);
	check("size", sizes, COUNT_OF(sizes), num_size);
	check("duration", durations, COUNT_OF(durations), num_duration);
	check("amount", money, COUNT_OF(money), num_money);
	test_doubles();
	return done();
}
