#include "base/rand.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/digest.h"

void
rand_bytes(void *out, size_t n)
{
	ssize_t r;

	assert(n <= 256); /* getrandom(2) gives these whole */
	do
		r = getrandom(out, n, 0);
	while (r < 0 && errno == EINTR);
	assert(r == (ssize_t)n);
}

void
rand_text(char out[RAND_TEXT])
{
	unsigned char b[16];

	rand_bytes(b, sizeof(b));
	hex_encode(b, sizeof(b), out);
}

uint64_t
rand_below(uint64_t n)
{
	uint64_t v;

	rand_bytes(&v, sizeof(v));
	return n == 0 ? 0 : v % n;
}

void
ulid_make(int64_t real_ns, char out[ULID_TEXT])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t ms = (uint64_t)(real_ns / CLOCK_MILLI);
	unsigned char r[16];
	int i;

	rand_bytes(r, sizeof(r));
	for (i = 9; i >= 0; i--, ms >>= 5)
		out[i] = digits[ms & 31];
	for (i = 0; i < 16; i++)
		out[10 + i] = digits[r[i] & 31];
	out[26] = '\0';
}
