/* What may be given on: a grant within another. */
#include "grant/within.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tap.h"

static const struct {
	const char *child, *parent;
	bool want;
} cases[] = {
    {"allow read file:src/a", "allow read file:src/**", true},
    {"allow read file:src/**", "allow read file:src/**", true},
    {"allow read file:src", "allow read file:src/**", true},
    {"allow read file:srcs", "allow read file:src/**", false},
    {"allow read file:**", "allow read file:src/**", false},
    {"allow read file:src/**", "allow read file:src", false},
    {"allow read,write file:a", "allow read file:a", false},
    {"allow read file:/a/b", "allow read file:/**", true},
    {"allow read file:a", "allow read file:/**", false},
    {"allow read file:/srv/dir/a", "allow read file:**", false},
    {"ask read file:a", "allow read file:a", true},
    {"allow read file:a", "ask read file:a", false},
    {"deny read file:a", "allow read file:a", false},
    {"allow read file:a", "deny read file:a", false},
    {"allow exec exec:make", "allow exec exec:make", true},
    {"ask exec exec:make", "allow exec exec:make", false},
    {"ask exec exec:make", "ask exec exec:make", true},
    {"allow exec exec:make", "allow exec exec:/usr/**", false},
    {"allow exec exec:/usr/bin/**", "allow exec exec:/usr/**", true},
    {"allow connect net:a.b.example:443", "allow connect net:*.example:443",
	true},
    {"allow connect net:*.b.example:443", "allow connect net:*.example:443",
	true},
    {"allow connect net:example:443", "allow connect net:*.example:443", false},
    {"allow connect net:bexample:443", "allow connect net:*.example:443",
	false},
    {"allow connect net:a.example:*", "allow connect net:a.example:443", false},
    {"allow connect net:a.example:443", "allow connect net:a.example:*", true},
    {"allow call model:a/b", "allow call model:a/**", true},
    {"allow send human:eve", "allow send human:*", true},
    {"allow send human:*", "allow send human:eve", false},
    {"allow call tool:t", "allow call tool:u", false},
    {"allow call tool:t uses 2", "allow call tool:t uses 2", true},
    {"allow call tool:t uses 3", "allow call tool:t uses 2", false},
    {"allow call tool:t", "allow call tool:t uses 2", false},
    {"allow connect net:a:1 bytes 3", "allow connect net:a:1 bytes 3", true},
    {"allow connect net:a:1", "allow connect net:a:1 bytes 3", false},
    {"allow call tool:t for 1h", "allow call tool:t for 2h", true},
    {"allow call tool:t for 2h", "allow call tool:t for 1h", false},
    {"allow call tool:t", "allow call tool:t for 1h", false},
    {"allow call tool:t until 2030-01-01T00:00:00Z",
	"allow call tool:t until 2031-01-01T00:00:00Z", true},
    {"allow call tool:t until 2032-01-01T00:00:00Z",
	"allow call tool:t until 2031-01-01T00:00:00Z", false},
    {"allow call tool:t where n = 5", "allow call tool:t where n <= 5", true},
    {"allow call tool:t where n = 6", "allow call tool:t where n <= 5", false},
    {"allow call tool:t where n <= 4", "allow call tool:t where n <= 5", true},
    {"allow call tool:t where m <= 4", "allow call tool:t where n <= 5", false},
    {"allow call tool:t where to = \"ab\"",
	"allow call tool:t where to prefix \"a\"", true},
    {"allow call tool:t where to prefix \"a\"",
	"allow call tool:t where to prefix \"ab\"", false},
    {"allow call tool:t where to prefix \"a\"",
	"allow call tool:t where to = \"a\"", false},
    {"allow call tool:t", "allow call tool:t where to = \"a\"", false},
    {"allow call tool:t where y = true", "allow call tool:t where y = true",
	true},
    {"allow connect net:a:1 via tool:t", "allow connect net:a:1", true},
    {"allow connect net:a:1", "allow connect net:a:1 via tool:t", false},
    {"allow call tool:t", "allow call tool:t unless tainted", false},
    {"ask call tool:t", "allow call tool:t unless tainted", true},
    {"allow connect net:a:443 with S", "allow connect net:a:443", false},
    {"allow connect net:a:443", "allow connect net:a:443 with S", false},
    {"allow connect net:a:443 with S", "allow connect net:a:443 with S", true},
};

static void
load(const char *line, struct grant *g)
{
	struct err e;

	if (grant_parse(line, g, &e) < 0)
		ok(false, "%s: %s", line, e.msg);
	g->given = CLOCK_SECOND;
}

static void
test_cases(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		struct grant c CLEANUP(grant_free), p CLEANUP(grant_free);

		load(cases[i].child, &c);
		load(cases[i].parent, &p);
		ok(grant_within(&c, &p) == cases[i].want,
		    "'%s' is%s within '%s'", cases[i].child,
		    cases[i].want ? "" : " not", cases[i].parent);
	}
}

static void
test_delegates(void)
{
	static const struct {
		const char *child, *parent;
		bool want;
	} depths[] = {
	    {"allow call tool:t", "allow call tool:t", false},
	    {"allow call tool:t", "allow call tool:t delegable 1", true},
	    {"allow call tool:t delegable 1", "allow call tool:t delegable 1",
		false},
	    {"allow call tool:t delegable 1", "allow call tool:t delegable 2",
		true},
	    {"allow call tool:t delegable", "allow call tool:t delegable 9",
		false},
	    {"allow call tool:t delegable", "allow call tool:t delegable",
		true},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(depths); i++) {
		struct grant c CLEANUP(grant_free), p CLEANUP(grant_free);

		load(depths[i].child, &c);
		load(depths[i].parent, &p);
		ok(grant_delegates(&p, &c) == depths[i].want, "'%s' %s '%s'",
		    depths[i].parent,
		    depths[i].want ? "gives on" : "does not give on",
		    depths[i].child);
	}
}

/* Lines out of a few words, so that many are within each other. */
static void
make(unsigned seed, struct grant *g)
{
	static const char *const effects[] = {"allow", "ask"};
	static const char *const resources[] = {"read file:**",
	    "read file:a/**", "read file:a/b", "read,write file:a/**",
	    "read file:/**", "read file:/srv/dir/a/**", "exec exec:sh",
	    "exec exec:/bin/**", "exec exec:/**", "connect net:*.x:1",
	    "connect net:b.x:1", "connect net:b.x:*", "call tool:t",
	    "call tool:t where n <= 5", "call tool:t where n = 5",
	    "call tool:t where to prefix \"m\"",
	    "call tool:t where to = \"me\" where n <= 9", "send human:*",
	    "send human:eve"};
	static const char *const limits[] = {"", " for 1s", " for 2s",
	    " until 1970-01-01T00:00:02Z", " uses 1", " uses 0", " via tool:t",
	    " unless tainted"};
	char *line CLEANUP_FREE = mem_printf("%s %s%s", effects[seed % 2],
	    resources[seed / 2 % COUNT_OF(resources)],
	    limits[seed / 2 / COUNT_OF(resources) % COUNT_OF(limits)]);

	load(line, g);
}

static const struct grant_query queries[] = {
    {.right = RIGHT_READ, .kind = GRANT_FILE, .resource = "a/b"},
    {.right = RIGHT_READ, .kind = GRANT_FILE, .resource = "/srv/dir/a/c"},
    {.right = RIGHT_WRITE, .kind = GRANT_FILE, .resource = "/srv/dir/a"},
    {.right = RIGHT_READ, .kind = GRANT_FILE, .resource = "/etc/x"},
    {.right = RIGHT_EXEC, .kind = GRANT_EXEC, .resource = "sh"},
    {.right = RIGHT_EXEC, .kind = GRANT_EXEC, .resource = "/bin/sh"},
    {.right = RIGHT_EXEC, .kind = GRANT_EXEC, .resource = "/srv/sh"},
    {.right = RIGHT_CONNECT, .kind = GRANT_NET, .resource = "b.x:1"},
    {.right = RIGHT_CONNECT, .kind = GRANT_NET, .resource = "c.b.x:1"},
    {.right = RIGHT_CONNECT, .kind = GRANT_NET, .resource = "b.x:2"},
    {.right = RIGHT_CALL, .kind = GRANT_TOOL, .resource = "t"},
    {.right = RIGHT_SEND, .kind = GRANT_HUMAN, .resource = "eve"},
    {.right = RIGHT_SEND, .kind = GRANT_HUMAN, .resource = "bob"},
};

/* Does the child match what its parent does not? */
static bool
leaks(const struct grant *child, const struct grant *parent,
    const struct json *arguments)
{
	struct grant_query q;
	size_t i, k;

	for (i = 0; i < COUNT_OF(queries); i++)
		for (k = 0; k < 6; k++) {
			q = queries[i];
			q.workspace = "/srv/dir";
			q.arguments = k % 2 == 0 ? NULL : arguments;
			q.tool = k < 3 ? NULL : "t";
			q.now = (int64_t)(k % 3 + 1) * CLOCK_SECOND - 1;
			if (grant_matches(child, &q) &&
			    !grant_matches(parent, &q))
				return true;
		}
	return false;
}

static void
test_property(void)
{
	enum { LINES = 2 * 19 * 8 };
	struct json *arguments CLEANUP_JSON = NULL;
	unsigned i, k, within = 0, bad = 0;
	struct err e;

	(void)json_parse("{\"to\":\"me\",\"n\":5}", 17, &arguments, &e);
	for (i = 0; i < LINES; i++) {
		struct grant c CLEANUP(grant_free);

		make(i, &c);
		for (k = 0; k < LINES; k++) {
			struct grant p CLEANUP(grant_free);

			make(k, &p);
			if (!grant_within(&c, &p))
				continue;
			within++;
			if (leaks(&c, &p, arguments) && bad++ < 5)
				printf("# '%s' '%s'\n", c.line, p.line);
		}
	}
	ok(within > 2 * LINES && bad == 0,
	    "of %u pairs within each other none matches more than its parent",
	    within);
}

int
main(void)
{
	test_cases();
	test_delegates();
	test_property();
	return done();
}
