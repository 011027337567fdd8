/* Random names. */
#include "base/rand.h"

#include "base/clock.h"
#include "tap.h"

static const char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int
main(void)
{
	char a[ULID_TEXT], b[ULID_TEXT], t[RAND_TEXT], u[RAND_TEXT];
	uint64_t v, seen = 0;
	int i;

	rand_text(t);
	rand_text(u);
	ok(strlen(t) == 32 && strspn(t, "0123456789abcdef") == 32,
	    "random text is 32 hex characters");
	ok(strcmp(t, u) != 0, "and never the same");
	for (i = 0; i < 400; i++) {
		v = rand_below(7);
		if (v >= 7)
			seen |= 1u << 31;
		else
			seen |= 1u << v;
	}
	ok(seen == 0x7f, "rand_below gives every number below and no other");
	ok(rand_below(0) == 0 && rand_below(1) == 0, "0 has but one to give");

	/* The time of the example in the specification of ULIDs. */
	ulid_make(INT64_C(1469918176385) * CLOCK_MILLI, a);
	ok(strlen(a) == 26 && strspn(a, base32) == 26,
	    "a ULID is 26 characters of Crockford's base 32");
	ok(strncmp(a, "01ARYZ6S41", 10) == 0, "that begin with its time");
	ulid_make(INT64_C(1469918176385) * CLOCK_MILLI, b);
	ok(strncmp(a, b, 10) == 0 && strcmp(a, b) != 0,
	    "two of one millisecond differ in what follows");
	ulid_make(INT64_C(1469918176386) * CLOCK_MILLI, b);
	ok(strcmp(a, b) < 0, "they sort by age");
	ulid_make(0, a);
	ok(strncmp(a, "0000000000", 10) == 0, "1970 is all zeros");
	return done();
}
