/* Time as text and as a count. */
#include "base/clock.h"

#include "tap.h"

static const struct {
	const char *text, *back; /* back: as clock_text writes it; NULL: bad */
} times[] = {
    {"2026-11-22T23:01:02.123456Z", "2026-11-22T23:01:02.123456Z"},
    {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
    {"2261-12-31T23:59:59.999999Z", "2261-12-31T23:59:59.999999Z"},
    {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z"},
    {"2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000000Z"},
    {"2026-01-01T00:30:00-00:30", "2026-01-01T01:00:00.000000Z"},
    {"2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500000Z"},
    {"2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456Z"},
    {"2023-02-29T12:00:00Z", NULL},
    {"2026-02-30T12:00:00Z", NULL},
    {"2026-13-01T12:00:00Z", NULL},
    {"2026-00-01T12:00:00Z", NULL},
    {"2026-01-00T12:00:00Z", NULL},
    {"2026-01-01T24:00:00Z", NULL},
    {"2026-01-01T12:60:00Z", NULL},
    {"2026-01-01T12:00:60Z", NULL},
    {"1969-12-31T23:59:59Z", NULL},
    {"1970-01-01T00:30:00+01:00", NULL},
    {"2262-01-01T00:00:00Z", NULL},
    {"2026-01-01T12:00:00", NULL},
    {"2026-01-01T12:00:00.Z", NULL},
    {"2026-01-01T12:00:00z", NULL},
    {"2026-01-01 12:00:00Z", NULL},
    {"2026-1-1T12:00:00Z", NULL},
    {"2026-01-01T12:00:00+0100", NULL},
    {"2026-01-01T12:00:00+24:00", NULL},
    {"2026-01-01T12:00:00Zx", NULL},
    {"2026-01-01", NULL},
    {"", NULL},
};

static void
test_text(void)
{
	char text[CLOCK_TEXT];
	int64_t t;
	size_t i;
	int r;

	for (i = 0; i < COUNT_OF(times); i++) {
		t = -5;
		r = clock_parse(times[i].text, &t);
		if (times[i].back == NULL) {
			ok(r == -1 && t == -5,
			    "'%s' is no time, and nothing is changed",
			    times[i].text);
			continue;
		}
		clock_text(t, text);
		ok(r == 0 && strcmp(text, times[i].back) == 0, "'%s' is %s",
		    times[i].text, times[i].back);
	}
}

int
main(void)
{
	struct timespec nap = {0, 2 * CLOCK_MILLI};
	int64_t real, mono, t;

	test_text();
	real = clock_real();
	ok(real > 1700000000 * CLOCK_SECOND && real < CLOCK_NEVER / 2,
	    "the real clock counts nanoseconds since 1970");
	mono = clock_mono();
	(void)nanosleep(&nap, NULL);
	t = clock_mono() - mono;
	ok(t >= 2 * CLOCK_MILLI && t < 60 * CLOCK_SECOND,
	    "the monotonic clock counts what passes");

	ok(clock_deadline(CLOCK_NEVER) == CLOCK_NEVER, "never stays never");
	ok(clock_deadline(CLOCK_NEVER - 1) == CLOCK_NEVER,
	    "what is too far away is never");
	ok(clock_deadline(CLOCK_SECOND) > clock_mono(),
	    "a deadline lies ahead");
	ok(clock_poll_ms(CLOCK_NEVER) == -1, "never is -1 for poll");
	ok(clock_poll_ms(clock_mono() - 1) == 0, "what passed is 0");
	ok(clock_poll_ms(clock_deadline(1000 * CLOCK_SECOND)) > 900000,
	    "what is ahead counts milliseconds");
	ok(clock_poll_ms(clock_deadline(CLOCK_SECOND * 1000000000)) ==
		INT32_MAX,
	    "and stops at what poll takes");
	t = clock_mono() + CLOCK_MILLI / 2;
	ok(clock_poll_ms(t) <= 1,
	    "half a millisecond is rounded up, so that poll does not spin");
	return done();
}
