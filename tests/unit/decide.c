/* Decisions by one layer of grants: matching, specificity, limits. */
#include "grant/grant.h"

#include "base/clock.h"
#include "base/mem.h"
#include "tap.h"

/* One decision: policy text (";" ends a line), right, resource, verdict. */
struct decide_case {
	const char *policy, *right, *resource;
	enum grant_effect want;
	const char *why;
};

/* Asked for with all other rights, this one's verdict is the same. */
static void
same_verdicts(
    const struct policy *p, struct grant_query q, const struct decision *d)
{
	struct verdict all[RIGHT_BITS], one[RIGHT_BITS];
	size_t bit = 0;

	while (q.right >> bit > 1)
		bit++;
	policy_verdicts(p, &q, one);
	q.right = (1U << RIGHT_BITS) - 1;
	policy_verdicts(p, &q, all);
	if (all[bit].effect != d->verdict || all[bit].winner != d->winner ||
	    one[bit].effect != d->verdict || one[bit].winner != d->winner)
		ok(false, "a verdict is the decision's: %s", d->why);
	if (one[(bit + 1) % RIGHT_BITS].winner != NULL)
		ok(false, "a right that is not asked for has no winner");
}

static struct decision
decide(const struct policy *p, const char *right, const char *resource,
    struct grant_query *q)
{
	struct decision d;
	const char *body = "";

	q->right = grant_right(right);
	(void)grant_split(resource, &q->kind, &body);
	q->resource = body;
	policy_decide(p, q, &d);
	same_verdicts(p, *q, &d);
	return d;
}

/* A call with these arguments. */
static struct decision
decide_with(const struct policy *p, const char *resource, const char *arguments)
{
	struct grant_query q = {.workspace = "/w", .now = CLOCK_SECOND};
	struct json *args CLEANUP_JSON = NULL;
	struct err e;

	if (json_parse(arguments, strlen(arguments), &args, &e) < 0)
		abort();
	q.arguments = args;
	return decide(p, "call", resource, &q);
}

static void
load(struct policy *p, const char *text)
{
	char *copy CLEANUP_FREE = mem_strdup(text);
	struct err e;
	char *s;

	for (s = copy; *s != '\0'; s++)
		if (*s == ';')
			*s = '\n';
	policy_init(p);
	if (policy_parse(p, copy, strlen(copy), "p", &e) < 0)
		ok(false, "the test's own policy parses: %s", e.msg);
}

static void
run_cases(const struct decide_case *cases, size_t n)
{
	struct policy p;
	size_t i;

	for (i = 0; i < n; i++) {
		struct grant_query q = {.workspace = "/srv/dir", .now = 1000};
		struct decision d;

		load(&p, cases[i].policy);
		d = decide(&p, cases[i].right, cases[i].resource, &q);
		if (!ok(d.verdict == cases[i].want, "%s: %s %s with '%s': %s",
			grant_effect_name(cases[i].want), cases[i].right,
			cases[i].resource, cases[i].policy, cases[i].why))
			printf("# %s\n", d.why);
		policy_free(&p);
	}
}

#define DENY  GRANT_DENY
#define ASK   GRANT_ASK
#define ALLOW GRANT_ALLOW

static const struct decide_case file_cases[] = {
    {"", "read", "file:/a", DENY, "nothing is granted by itself"},
    {"allow read file:/a", "read", "file:/a", ALLOW, "an exact path"},
    {"allow read file:/a", "write", "file:/a", DENY, "another right"},
    {"allow read file:/a", "read", "file:/a/b", DENY, "not what is below"},
    {"allow read file:/a", "read", "file:/ab", DENY, "not a longer name"},
    {"allow read file:/a/**", "read", "file:/a", ALLOW, "the folder itself"},
    {"allow read file:/a/**", "read", "file:/a/b/c", ALLOW, "all below"},
    {"allow read file:/a/**", "read", "file:/ab", DENY,
	"the wildcard is on a boundary"},
    {"allow read file:/**", "read", "file:/", ALLOW, "the root folder"},
    {"allow read file:/**", "read", "file:/x/y", ALLOW, "everything"},
    {"allow read file:**", "read", "file:/srv/dir/x", ALLOW,
	"relative is to the workspace"},
    {"allow read file:**", "read", "file:/srv/dir", ALLOW,
	"the workspace itself"},
    {"allow read file:**", "read", "file:/srv/directory", DENY,
	"not the workspace's neighbour"},
    {"allow read file:**", "read", "file:/srv", DENY, "not its parent"},
    {"allow read file:src/**", "read", "file:/srv/dir/src/a", ALLOW,
	"a folder in the workspace"},
    {"allow read file:src/**", "read", "file:/src/a", DENY,
	"not the same name elsewhere"},
    {"allow read file:src/**", "read", "file:src/a", ALLOW,
	"a relative path is joined"},
    {"allow read file:**", "read", "file:/srv/dir/a/../../x", DENY,
	"a path with '..' is nobody's"},
    {"allow read file:**", "read", "file:/srv/dir//a/./b", ALLOW,
	"harmless spellings are put right"},
    {"allow read file:**;deny read file:.env", "read", "file:/srv/dir/.env",
	DENY, "a deny wins"},
    {"allow read file:**;deny read file:.env", "read", "file:/srv/dir//./.env",
	DENY, "whatever the spelling"},
    {"allow read file:**;deny read file:.env", "read", "file:/srv/dir/.env2",
	ALLOW, "its neighbour stays"},
    {"allow read file:a/b;deny read file:**", "read", "file:/srv/dir/a/b", DENY,
	"a wide deny wins over an exact allow"},
    {"deny write file:**;allow read file:**", "read", "file:/srv/dir/a", ALLOW,
	"a deny of another right does not matter"},
    {"ask read file:**;allow read file:src/**", "read", "file:/srv/dir/src/a",
	ALLOW, "the deeper folder wins"},
    {"allow read file:**;ask read file:src/**", "read", "file:/srv/dir/src/a",
	ASK, "also when it asks"},
    {"allow read file:src/**;ask read file:**", "read", "file:/srv/dir/a", ASK,
	"and only there"},
    {"ask read file:src/**;allow read file:src/a", "read",
	"file:/srv/dir/src/a", ALLOW, "the exact path wins over its folder"},
    {"allow read file:a/b/c/**;ask read file:a/b/c/d", "read",
	"file:/srv/dir/a/b/c/d", ASK, "exact beats a folder of any depth"},
    {"allow read file:a;ask read file:a", "read", "file:/srv/dir/a", ASK,
	"at equal places ask beats allow"},
    {"ask read file:a;allow read file:a", "read", "file:/srv/dir/a", ASK,
	"in either order"},
    {"allow read file:**;ask read file:/srv/dir/**", "read", "file:/srv/dir/a",
	ASK, "absolute and relative weigh the same"},
    {"ask read file:**;allow read file:/srv/dir/**", "read", "file:/srv/dir/a",
	ASK, "in either order"},
    {"allow read file:/srv/dir/src/**;ask read file:**", "read",
	"file:/srv/dir/src/a", ALLOW, "also one folder deeper"},
    {"allow read file:src/**;ask read file:/srv/**", "read",
	"file:/srv/dir/src/a", ALLOW, "deeper counts from the root"},
};

static const struct decide_case exec_cases[] = {
    {"allow exec exec:make", "exec", "exec:make", ALLOW, "a name"},
    {"allow exec exec:make", "exec", "exec:gmake", DENY, "another name"},
    {"allow exec exec:make", "exec", "exec:/usr/bin/make", ALLOW,
	"the name's standard place"},
    {"allow exec exec:make", "exec", "exec:/srv/dir/make", DENY,
	"not a program of that name elsewhere"},
    {"allow exec exec:/srv/dir/**;deny exec exec:make", "exec",
	"exec:/srv/dir/make", DENY, "a deny of a name holds anywhere"},
    {"allow exec exec:/srv/dir/**;deny exec exec:make", "exec",
	"exec:/srv/dir/fake", ALLOW, "and for that name only"},
    {"allow exec exec:/usr/**", "exec", "exec:make", ALLOW,
	"a folder where the name is looked for"},
    {"allow exec exec:/opt/**", "exec", "exec:make", DENY,
	"not one where it is not"},
    {"allow exec exec:tools/**", "exec", "exec:/srv/dir/tools/x", ALLOW,
	"a folder in the workspace"},
    {"allow exec exec:tools/x", "exec", "exec:tools/x", ALLOW,
	"a relative path"},
    {"allow exec exec:**", "exec", "exec:make", DENY,
	"the workspace is not searched for a name"},
    {"deny exec exec:/usr/bin/make;allow exec exec:make", "exec", "exec:make",
	DENY, "a denied path denies the name that could lead there"},
    {"ask exec exec:/usr/**;allow exec exec:/usr/bin/**", "exec",
	"exec:/usr/bin/make", ALLOW, "the deeper folder wins"},
    {"ask exec exec:/usr/**;allow exec exec:/usr/bin/make", "exec",
	"exec:/usr/bin/make", ALLOW, "the exact path wins"},
    {"allow exec exec:make;ask exec exec:/usr/**", "exec", "exec:/usr/bin/make",
	ASK, "a folder wins over a name"},
    {"allow read,exec file:/usr/**", "exec", "exec:make", DENY,
	"kinds are apart"},
    {"allow exec exec:/usr/**", "exec", "exec:", DENY, "no name at all"},
    {"allow exec exec:/usr/**", "exec", "exec:..", DENY, "no folder"},
};

static const struct decide_case net_cases[] = {
    {"allow connect net:a.example:443", "connect", "net:a.example:443", ALLOW,
	"host and port"},
    {"allow connect net:a.example:443", "connect", "net:A.Example:443", ALLOW,
	"case does not matter"},
    {"allow connect net:a.example:443", "connect", "net:a.example.:443", ALLOW,
	"nor does the root's dot"},
    {"allow connect net:a.example:443", "connect", "net:a.example:80", DENY,
	"another port"},
    {"allow connect net:a.example:443", "connect", "net:a.example:0443", DENY,
	"a port in another spelling"},
    {"allow connect net:a.example:443", "connect", "net:a.example", DENY,
	"no port"},
    {"allow connect net:a.example:443", "connect", "net:b.a.example:443", DENY,
	"not its subdomains"},
    {"allow connect net:a.example:*", "connect", "net:a.example:80", ALLOW,
	"any port"},
    {"allow connect net:*.example:443", "connect", "net:a.example:443", ALLOW,
	"a subdomain"},
    {"allow connect net:*.example:443", "connect", "net:a.b.example:443", ALLOW,
	"of any depth"},
    {"allow connect net:*.example:443", "connect", "net:example:443", DENY,
	"not the domain itself"},
    {"allow connect net:*.example:443", "connect", "net:badexample:443", DENY,
	"on a label's boundary"},
    {"allow connect net:*.example:443", "connect", "net:example.evil.test:443",
	DENY, "at the end only"},
    {"allow connect net:*.example:443", "connect",
	"net:evil.test\n.example:443", DENY, "no host holds a line break"},
    {"allow connect net:127.0.0.1:80", "connect", "net:127.0.0.1:80", ALLOW,
	"an address"},
    {"allow connect net:127.0.0.1:80", "connect", "net:127.1:80", DENY,
	"but in its one spelling"},
    {"allow connect net:127.0.0.1:80", "connect", "net:[::ffff:127.0.0.1]:80",
	ALLOW, "or mapped into IPv6"},
    {"allow connect net:[::1]:80", "connect", "net:[0::0:1]:80", ALLOW,
	"an IPv6 address in any spelling"},
    {"allow connect net:*.example:*;deny connect net:x.example:*", "connect",
	"net:X.example.:80", DENY, "a deny in any spelling"},
    {"allow connect net:*.example:*;deny connect net:x.example:*", "connect",
	"net:y.example:80", ALLOW, "and only that host"},
    {"ask connect net:*.example:*;allow connect net:a.example:*", "connect",
	"net:a.example:1", ALLOW, "the exact host wins"},
    {"ask connect net:*.example:*;allow connect net:*.b.example:*", "connect",
	"net:a.b.example:1", ALLOW, "the longer suffix wins"},
    {"allow connect net:*.b.example:*;ask connect net:*.example:443", "connect",
	"net:a.b.example:443", ALLOW, "the host before the port"},
    {"allow connect net:*.example:443;ask connect net:*.example:*", "connect",
	"net:a.example:443", ALLOW, "then the exact port"},
    {"ask connect net:a.example:443;allow connect net:a.example:*", "connect",
	"net:a.example:443", ASK, "also when it asks"},
};

static const struct decide_case name_cases[] = {
    {"allow call tool:a", "call", "tool:a", ALLOW, "a tool"},
    {"allow call tool:a", "call", "tool:A", DENY, "names keep their case"},
    {"allow call tool:a", "call", "mcp:a", DENY, "kinds are apart"},
    {"allow send human:*", "send", "human:ann", ALLOW, "anyone"},
    {"allow send human:*;deny send human:bob", "send", "human:bob", DENY,
	"but one"},
    {"ask send agent:*;allow send agent:x", "send", "agent:x", ALLOW,
	"a name beats everyone"},
    {"allow read obj:team/**", "read", "obj:team/a/b", ALLOW, "a namespace"},
    {"allow read obj:team/**", "read", "obj:team", ALLOW, "its own name"},
    {"allow read obj:team/**", "read", "obj:teams/a", DENY, "no other"},
    {"allow read obj:team/**", "read", "obj:team/../x", DENY, "nobody goes up"},
    {"allow read obj:team/**;ask read obj:team/a/**", "read", "obj:team/a/b",
	ASK, "the deeper namespace wins"},
    {"allow read obj:team/**", "write", "obj:team/a", DENY, "another right"},
};

/* Limits, each with the query that it is about. */
/* What is secret stays, unless it is released. */
static void
test_labels(void)
{
	struct grant_query q = {.workspace = "/w", .now = CLOCK_SECOND};
	struct policy p, approved;
	struct decision d;

	load(&p, "allow connect net:a.example:443; allow send human:*;"
		 "allow connect net:b.example:443;"
		 "allow connect net:b.example:443 release secret;"
		 "allow call tool:x; mark secret file:c/**;"
		 "mark tainted tool:x; allow read file:**");
	ok(decide(&p, "connect", "net:a.example:443", &q).verdict == ALLOW &&
		decide(&p, "send", "human:ann", &q).verdict == ALLOW,
	    "without a label what is allowed is allowed");
	ok(decide(&p, "read", "file:/w/c/d", &q).verdict == ALLOW,
	    "a mark is no authority and takes none");
	q.labels = LABEL_TAINTED;
	ok(decide(&p, "connect", "net:a.example:443", &q).verdict == ALLOW,
	    "nor does what is tainted by itself");
	q.labels = LABEL_SECRET;
	d = decide(&p, "connect", "net:a.example:443", &q);
	ok(d.verdict == ASK && strstr(d.why, "secret") != NULL,
	    "what is secret makes a way out ask, saying why");
	policy_approved(&p, &d, &approved);
	policy_decide(&approved, &q, &d);
	ok(d.verdict == ALLOW, "and a person's word releases it");
	policy_approved_free(&approved);
	ok(decide(&p, "send", "human:ann", &q).verdict == ASK,
	    "people are a way out as well");
	ok(decide(&p, "call", "tool:x", &q).verdict == ALLOW,
	    "a tool as such is none");
	ok(decide(&p, "connect", "net:b.example:443", &q).verdict == ALLOW,
	    "a release lets it out, beside a grant without one");
	q.kind = GRANT_FILE;
	q.resource = "/w/c/d";
	ok(policy_labels(&p, &q) == LABEL_SECRET, "a mark covers its tree");
	q.resource = "/w/cd";
	ok(policy_labels(&p, &q) == 0, "and nothing beside it");
	ok(policy_labels_of(&p, GRANT_TOOL) == LABEL_TAINTED &&
		policy_labels_of(&p, GRANT_NET) == 0,
	    "and is of its kind");
	policy_free(&p);
}

static void
test_limits(void)
{
	struct grant_query q = {.workspace = "/w", .now = 5 * CLOCK_SECOND};
	struct policy p;
	struct decision d;

	load(&p, "allow read file:a until 1970-01-01T00:00:10Z");
	ok(decide(&p, "read", "file:/w/a", &q).verdict == ALLOW,
	    "before its end a grant holds");
	q.now = 10 * CLOCK_SECOND;
	ok(decide(&p, "read", "file:/w/a", &q).verdict == DENY,
	    "from its end on it does not");
	policy_free(&p);

	load(&p, "allow read file:a for 2s; deny read file:b for 2s;"
		 "allow read file:b");
	ok(decide(&p, "read", "file:/w/a", &q).verdict == DENY &&
		decide(&p, "read", "file:/w/b", &q).verdict == DENY,
	    "before policy_given an allow with 'for' is shut, a deny holds");
	policy_given(&p, q.now);
	ok(decide(&p, "read", "file:/w/a", &q).verdict == ALLOW &&
		decide(&p, "read", "file:/w/b", &q).verdict == DENY,
	    "'for' counts from when the grant was given");
	q.now += 2 * CLOCK_SECOND;
	ok(decide(&p, "read", "file:/w/a", &q).verdict == DENY &&
		decide(&p, "read", "file:/w/b", &q).verdict == ALLOW,
	    "and then it is over");
	policy_given(&p, q.now);
	ok(decide(&p, "read", "file:/w/a", &q).verdict == DENY,
	    "a second policy_given does not start it again");
	policy_free(&p);

	load(&p, "allow connect net:b.example:443 via tool:pay");
	ok(decide(&p, "connect", "net:b.example:443", &q).verdict == DENY,
	    "a 'via' grant does not exist outside its tool");
	q.tool = "other";
	ok(decide(&p, "connect", "net:b.example:443", &q).verdict == DENY,
	    "nor in another tool");
	q.tool = "pay";
	ok(decide(&p, "connect", "net:b.example:443", &q).verdict == ALLOW,
	    "in its tool it does");
	policy_free(&p);

	load(&p, "allow call tool:x unless tainted; allow call tool:y;"
		 "allow call tool:z; allow call tool:z unless tainted");
	ok(decide(&p, "call", "tool:x", &q).verdict == ALLOW,
	    "'unless tainted' allows a clean context");
	q.labels = LABEL_TAINTED;
	d = decide(&p, "call", "tool:x", &q);
	ok(d.verdict == ASK && strstr(d.why, "tainted") != NULL,
	    "and asks in a tainted one, saying why");
	ok(decide(&p, "call", "tool:y", &q).verdict == ALLOW,
	    "other grants do not mind");
	ok(decide(&p, "call", "tool:z", &q).verdict == ASK,
	    "such an ask beats a plain allow at the same place");
	policy_free(&p);
	test_labels();

	load(&p, "ask call tool:x; allow call tool:x where n <= 3;"
		 "ask call tool:x where who = \"b\"");
	ok(decide_with(&p, "tool:x", "{\"n\":2}").verdict == ALLOW,
	    "an allow with a condition that holds beats a plain ask");
	ok(decide_with(&p, "tool:x", "{\"n\":4}").verdict == ASK,
	    "where it does not hold, the plain ask stands");
	ok(decide_with(&p, "tool:x", "{\"n\":2,\"who\":\"b\"}").verdict == ASK,
	    "of two with conditions the ask wins");
	policy_free(&p);
	load(&p, "allow call tool:x; ask call tool:x where n <= 3");
	ok(decide_with(&p, "tool:x", "{\"n\":2}").verdict == ASK,
	    "an ask with a condition beats a plain allow");
	policy_free(&p);

	load(&p, "allow call tool:x uses 1; allow call tool:y uses 0");
	ok(decide(&p, "call", "tool:x", &q).verdict == ALLOW &&
		decide(&p, "call", "tool:y", &q).verdict == DENY,
	    "a grant whose uses are spent does not match");
	policy_free(&p);
}

static const struct {
	const char *where, *arguments;
	bool holds;
	const char *why;
} where_cases[] = {
    {"to = \"GB29\"", "{\"to\":\"GB29\"}", true, "equal strings"},
    {"to = \"GB29\"", "{\"to\":\"gb29\"}", false, "case matters"},
    {"to = \"GB29\"", "{\"to\":\"GB290\"}", false, "the whole string"},
    {"to = \"GB29\"", "{}", false, "a missing argument does not match"},
    {"to = \"GB29\"", NULL, false, "nor do missing arguments"},
    {"to = \"GB29\"", "{\"To\":\"GB29\"}", false, "names keep their case"},
    {"to = \"GB29\"", "{\"to\":[\"GB29\"]}", false, "no list"},
    {"to = \"GB29\"", "{\"to\":null}", false, "no null"},
    {"to = \"GB29\"", "{\"to\":\"GB\\u0032\\u0039\"}", true,
	"escapes are the characters that they stand for"},
    {"n = 5", "{\"n\":5}", true, "equal numbers"},
    {"n = 5", "{\"n\":5.0}", true, "by value"},
    {"n = 5", "{\"n\":\"5\"}", false, "a string is no number"},
    {"n = \"5\"", "{\"n\":5}", false, "nor the other way"},
    {"n = 9007199254740991", "{\"n\":9007199254740990}", false,
	"numbers are compared exactly"},
    {"n <= 100", "{\"n\":100}", true, "at most"},
    {"n <= 100", "{\"n\":100.01}", false, "no more"},
    {"n <= 100", "{\"n\":-1}", true, "negative is less"},
    {"n <= 100", "{\"n\":\"1\"}", false, "numbers only"},
    {"n <= 100", "{\"n\":true}", false, "true is no number"},
    {"b = true", "{\"b\":true}", true, "booleans"},
    {"b = true", "{\"b\":false}", false, "that differ"},
    {"b = true", "{\"b\":\"true\"}", false, "a string is no boolean"},
    {"u prefix \"http://a/\"", "{\"u\":\"http://a/b\"}", true, "a prefix"},
    {"u prefix \"http://a/\"", "{\"u\":\"http://ab\"}", false, "no prefix"},
    {"u prefix \"\"", "{\"u\":\"\"}", true, "the empty prefix"},
    {"u prefix \"\"", "{\"u\":1}", false, "of strings only"},
    {"n <= 5 where to = \"A\"", "{\"n\":1,\"to\":\"A\"}", true, "all hold"},
    {"n <= 5 where to = \"A\"", "{\"n\":9,\"to\":\"A\"}", false, "all must"},
    {"n <= 5 where to = \"A\"", "{\"n\":1,\"to\":\"B\"}", false,
	"each of them"},
};

static void
test_where(void)
{
	size_t i;

	for (i = 0; i < COUNT_OF(where_cases); i++) {
		struct json *arguments CLEANUP_JSON = NULL;
		const char *text = where_cases[i].arguments;
		struct grant_query q = {.workspace = "/w"};
		char line[200];
		struct policy p;
		struct err e;

		(void)snprintf(line, sizeof(line), "allow call tool:x where %s",
		    where_cases[i].where);
		load(&p, line);
		if (text != NULL &&
		    json_parse(text, strlen(text), &arguments, &e) < 0)
			ok(false, "%s: %s", text, e.msg);
		q.arguments = arguments;
		ok((decide(&p, "call", "tool:x", &q).verdict == ALLOW) ==
			where_cases[i].holds,
		    "where %s, %s: %s", where_cases[i].where,
		    text == NULL ? "none" : text, where_cases[i].why);
		policy_free(&p);
	}
}

static const struct decide_case base_cases[] = {
    {"", "read", "file:/usr/lib/os-release", ALLOW, "system folders"},
    {"", "exec", "file:/usr/bin/make", ALLOW, "and their programs"},
    {"", "write", "file:/usr/bin/make", DENY, "not to write"},
    {"", "exec", "exec:sh", ALLOW, "a shell may be started"},
    {"", "exec", "exec:/bin/sh", ALLOW, "also by its path"},
    {"", "exec", "exec:/opt/x", DENY, "nothing from elsewhere"},
    {"", "read", "file:/etc/passwd", ALLOW, "what anyone may know"},
    {"", "read", "file:/etc/shadow", DENY, "no secrets of the system"},
    {"", "read", "file:/etc/ssl/private/key", DENY, "no private keys"},
    {"", "read", "file:/etc/ssl/certs/ca.pem", ALLOW, "certificates"},
    {"", "read", "file:/etc", DENY, "not /etc as a whole"},
    {"", "write", "file:/dev/null", ALLOW, "the usual devices"},
    {"", "read", "file:/dev/sda", DENY, "no others"},
    {"", "write", "file:/tmp/x", DENY, "not the machine's own /tmp"},
    {"", "read", "file:/proc/self", ALLOW, "/proc to read"},
    {"", "read", "file:/sys/kernel", DENY, "no sysfs"},
    {"", "read", "file:/root/.ssh/id", DENY, "no homes"},
    {"", "read", "file:/srv/dir/a", DENY, "no workspace"},
    {"", "connect", "net:a.example:80", DENY, "no network"},
    {"", "send", "human:ann", DENY, "no human"},
};

static void
test_base(void)
{
	struct grant_query q = {.workspace = "/srv/dir", .now = 1};
	struct policy p;
	size_t i;

	policy_init(&p);
	policy_add_base(&p);
	for (i = 0; i < COUNT_OF(base_cases); i++)
		ok(decide(&p, base_cases[i].right, base_cases[i].resource, &q)
			    .verdict == base_cases[i].want,
		    "base: %s, %s %s: %s",
		    grant_effect_name(base_cases[i].want), base_cases[i].right,
		    base_cases[i].resource, base_cases[i].why);
	ok(strcmp(p.grants[0].from, "base") == 0, "base says that it is base");
	policy_add_workspace(&p);
	ok(decide(&p, "write", "file:/srv/dir/a", &q).verdict == ALLOW &&
		decide(&p, "exec", "file:/srv/dir/a", &q).verdict == ALLOW,
	    "the workspace is to read, write and run what is built there");
	policy_free(&p);
}

static void
test_explain(void)
{
	struct grant_query q = {.workspace = "/w", .now = 1};
	struct policy p;
	struct decision d;
	char path[4000];

	load(&p, "allow read file:a");
	d = decide(&p, "read", "file:/w/a", &q);
	ok(d.winner == &p.grants[0] && strstr(d.why, "p:1") != NULL &&
		strstr(d.why, "allow read file:a") != NULL,
	    "a decision names its grant and the line that it came from");
	d = decide(&p, "write", "file:/w/a", &q);
	ok(d.winner == NULL && strstr(d.why, "write file:/w/a") != NULL,
	    "a denial without a grant names what was asked for");
	memset(path, 'x', sizeof(path));
	memcpy(path, "file:/", 6);
	path[sizeof(path) - 1] = '\0';
	d = decide(&p, "read", path, &q);
	ok(d.verdict == DENY && strlen(d.why) < sizeof(d.why),
	    "a very long path is cut in words, not in deciding");
	q.right = RIGHT_READ;
	q.kind = GRANT_FILE;
	q.resource = "/w/a";
	ok(grant_matches(&p.grants[0], &q), "grant_matches: this one");
	q.right = RIGHT_WRITE;
	ok(!grant_matches(&p.grants[0], &q), "grant_matches: not this one");
	policy_free(&p);
}

static void
time_many(void)
{
	struct grant_query q = {.workspace = "/w", .now = 1};
	struct buf text CLEANUP_BUF = {0};
	struct policy p;
	struct decision d;
	int64_t t;
	int i;

	for (i = 0; i < 1000; i++)
		buf_printf(&text, "%s read file:dir%d/**\n",
		    i % 2 == 0 ? "allow" : "ask", i);
	t = clock_mono();
	load(&p, text.data);
	printf("# 1,000 grants parsed in %lld us\n",
	    (long long)(clock_mono() - t) / 1000);
	d = decide(&p, "read", "file:/w/dir998/x", &q);
	t = clock_mono();
	for (i = 0; i < 100; i++)
		policy_decide(&p, &q, &d);
	printf("# a decision among 1,000 grants: %lld us\n",
	    (long long)(clock_mono() - t) / 100 / 1000);
	ok(p.count == 1000 && d.verdict == ALLOW && d.winner == &p.grants[998],
	    "the right one of 1,000 grants decides");
	policy_free(&p);
}

int
main(void)
{
	run_cases(file_cases, COUNT_OF(file_cases));
	run_cases(exec_cases, COUNT_OF(exec_cases));
	run_cases(net_cases, COUNT_OF(net_cases));
	run_cases(name_cases, COUNT_OF(name_cases));
	test_limits();
	test_where();
	test_base();
	test_explain();
	time_many();
	return done();
}
