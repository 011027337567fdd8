#include "tap.h"

#include <string.h>

#include "model/price.h"

static int
parse(struct price_list *l, const char *text, struct err *e)
{
	price_list_free(l);
	return price_list_parse(l, (struct slice){text, strlen(text)}, e);
}

static int64_t
cost(const struct price_list *l, int64_t in, int64_t cached, int64_t out)
{
	struct model_usage u = {in, out, cached, 0};

	return price_cost(l, "openai:m", "m", &u);
}

static void
test_sums(struct price_list *l)
{
	struct err e;

	ok(parse(l,
	       "{\"m\":{\"input\":\"2.50\",\"cached\":\"0.25\","
	       "\"output\":\"10\"}}",
	       &e) == 0,
	    "a price file is read");
	ok(cost(l, 1000000, 0, 0) == 2500000, "a million of input");
	ok(cost(l, 1000000, 1000000, 0) == 250000, "a million from the cache");
	ok(cost(l, 0, 0, 1000000) == 10000000, "a million of output");
	ok(cost(l, 3, 1, 7) == 76, "a few tokens: 5 + 0.25 + 70, rounded up");
	ok(cost(l, 0, 0, 0) == 0, "nothing costs nothing");
	ok(cost(l, INT64_MAX, 0, INT64_MAX) == INT64_MAX / 1000000 + 1,
	    "what passes the range stays at its end");
	ok(parse(l, "{\"m\":{\"input\":\"0.000001\",\"output\":\"0\"}}", &e) ==
		    0 &&
		cost(l, 1000000, 0, 0) == 1,
	    "six decimals are exact");
	ok(cost(l, 1000000, 1000000, 0) == 1,
	    "without a price for the cache it is that of input");
}

static void
test_names(struct price_list *l)
{
	struct err e;

	ok(parse(l,
	       "{\"*\":{\"input\":\"3\",\"output\":\"0\"},"
	       "\"m\":{\"input\":\"2\",\"output\":\"0\"},"
	       "\"openai:m\":{\"input\":\"1\",\"output\":\"0\"}}",
	       &e) == 0 &&
		cost(l, 1000000, 0, 0) == 1000000,
	    "a spec comes first");
	ok(parse(l,
	       "{\"*\":{\"input\":\"3\",\"output\":\"0\"},"
	       "\"m\":{\"input\":\"2\",\"output\":\"0\"}}",
	       &e) == 0 &&
		cost(l, 1000000, 0, 0) == 2000000,
	    "then a name");
	ok(parse(l, "{\"*\":{\"input\":\"3\",\"output\":\"0\"}}", &e) == 0 &&
		cost(l, 1000000, 0, 0) == 3000000,
	    "then the star");
	ok(parse(l, "{}", &e) == 0 && cost(l, 5, 0, 5) == 0,
	    "what is not listed costs nothing");
}

int
main(void)
{
	static const char *const bad[] = {"", "[]", "{\"m\":1}", "{\"m\":{}}",
	    "{\"m\":{\"input\":\"1\"}}",
	    "{\"m\":{\"input\":1,\"output\":\"1\"}}",
	    "{\"m\":{\"input\":\"1.0000001\",\"output\":\"1\"}}",
	    "{\"m\":{\"input\":\"-1\",\"output\":\"1\"}}",
	    "{\"m\":{\"input\":\"1\",\"cached\":null,\"output\":\"1\"}}"};
	struct price_list l CLEANUP(price_list_free) = {0};
	struct err e;
	size_t i;

	test_sums(&l);
	test_names(&l);
	for (i = 0; i < COUNT_OF(bad); i++)
		ok(parse(&l, bad[i], &e) < 0 && e.status == EX_CONFIG,
		    "status 78: %s", bad[i]);
	return done();
}
