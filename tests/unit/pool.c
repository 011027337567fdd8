#include "tap.h"

#include "base/pool.h"

#define THINGS 5000

static int times[THINGS];

static int
mark(void *arg, size_t i, struct err *e)
{
	const size_t *bad = arg;

	if (i == *bad)
		return err_set(e, EX_IOERR, 0, "thing %zu", i);
	times[i]++;
	return 0;
}

static bool
each_once(size_t except)
{
	size_t i;

	for (i = 0; i < THINGS; i++)
		if (times[i] != (i != except))
			return false;
	return true;
}

static void *
count(void *arg)
{
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
	return NULL;
}

int
main(void)
{
	size_t bad = THINGS;
	struct err e = {0};
	int hands = 0;

	ok(pool_each(THINGS, true, mark, &bad, &e) == 0 && each_once(THINGS),
	    "several threads do each thing once");
	memset(times, 0, sizeof(times));
	ok(pool_each(THINGS, false, mark, &bad, &e) == 0 && each_once(THINGS),
	    "so does one");
	ok(pool_each(0, true, mark, &bad, &e) == 0, "nothing is soon done");
	memset(times, 0, sizeof(times));
	bad = 100;
	ok(pool_each(THINGS, true, mark, &bad, &e) < 0 &&
		e.status == EX_IOERR && strcmp(e.msg, "thing 100") == 0,
	    "a failure is the caller's error");
	ok(!each_once(bad), "and no more are begun");
	pool_run(2, count, &hands);
	ok(hands == 3, "the caller's thread works with its helpers");
	hands = 0;
	pool_run(-1, count, &hands);
	ok(hands == 1, "or alone");
	return done();
}
