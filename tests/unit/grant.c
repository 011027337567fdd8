/* Grants as text: agent-grant(5).  Lines, policies, the manual. */
#include "grant/grant.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/file.h"
#include "tap.h"

/* Lines that parse, and their canonical form (NULL: the same). */
static const struct {
	const char *line, *canonical;
} good[] = {
    {"allow read,write file:**", NULL},
    {"  allow\tread  file:a ", "allow read file:a"},
    {"allow write,read file:src/**", "allow read,write file:src/**"},
    {"deny read,write file:.env  # the keys", "deny read,write file:.env"},
    {"allow exec exec:make", NULL},
    {"allow exec exec:/opt/tools/**", NULL},
    {"ask connect net:*.GitHub.com:443 for 60m with GITHUB_TOKEN",
	"ask connect net:*.github.com:443 for 1h with GITHUB_TOKEN"},
    {"allow call tool:send_money where amount <= 100 where to = \"GB 29\"",
	NULL},
    {"allow call tool:x where \"an arg\" prefix \"\\u0041/\"",
	"allow call tool:x where \"an arg\" prefix \"A/\""},
    {"allow call tool:x where really = true where no = false", NULL},
    {"allow connect net:bank.example:443 via tool:send_money", NULL},
    {"allow call tool:run_command uses 20", NULL},
    {"allow send human:*", NULL},
    {"allow send agent:*", NULL},
    {"allow read file:\"my notes/a b\"", NULL},
    {"allow read \"file:plain\"", "allow read file:plain"},
    {"allow read file:a#b", NULL},
    {"allow read file:#b", NULL},
    {"allow read file:\"#b c\"", NULL},
    {"allow read file:\"a\\\"b\"", NULL},
    {"allow read file:a\\b", NULL},
    {"allow read file:/", NULL},
    {"allow read file:/**", NULL},
    {"allow read file:..a/b..", NULL},
    {"allow read file:caf\xc3\xa9", NULL},
    {"allow connect net:[::1]:80", NULL},
    {"allow connect net:[0:0::1]:80", "allow connect net:[::1]:80"},
    {"allow connect net:[::ffff:127.0.0.1]:80",
	"allow connect net:127.0.0.1:80"},
    {"allow connect net:localhost:*", NULL},
    {"allow read obj:team/**", NULL},
    {"allow call model:openai:gpt-4o", NULL},
    {"allow call mcp:files/**", NULL},
    {"deny connect net:a.example:* until 2030-01-31T12:00:00+01:00",
	"deny connect net:a.example:* until 2030-01-31T11:00:00.000000Z"},
    {"allow connect net:a.example:80 delegable bytes 64K uses 3",
	"allow connect net:a.example:80 uses 3 bytes 65536 delegable"},
    {"allow read file:a delegable 2 unless tainted", NULL},
    {"allow connect net:a.example:443 with S release secret",
	"allow connect net:a.example:443 release secret with S"},
    {"allow send human:ann release secret", NULL},
    {"allow call mcp:crm/find release secret", NULL},
    {"mark secret file:customers/**", NULL},
    {"mark secret,tainted tool:inbox", "mark tainted,secret tool:inbox"},
    {"mark tainted net:*.example:*", NULL},
    {"mark tainted mcp:web/**", NULL},
    {"allow read file:a for 0.5ms", "allow read file:a for 0.500000ms"},
    {"allow read file:a for 36h", NULL},
};

/* Lines that are refused, and what the message must say. */
static const struct {
	const char *line, *says;
} bad[] = {
    {"", "expected 'allow', 'deny', 'ask' or 'mark', got the end"},
    {"# nothing", "expected 'allow', 'deny', 'ask' or 'mark', got the end"},
    {"permit read file:a", "got 'permit'"},
    {"Allow read file:a", "got 'Allow'"},
    {"\"allow\" read file:a", "got 'allow'"},
    {"allow", "expected rights"},
    {"allow read", "expected KIND:BODY"},
    {"allow * file:a", "got '*'"},
    {"allow read,fly file:a", "got 'read,fly'"},
    {"allow read,read file:a", "each right once"},
    {"allow read, file:a", "got 'read,'"},
    {"allow read , file:a", "got ','"},
    {"allow read *", "got '*'"},
    {"allow read disk:a", "got 'disk:a'"},
    {"allow read File:a", "got 'File:a'"},
    {"allow read file", "got 'file'"},
    {"allow read file:", "something after the colon"},
    {"allow read file:*", "wildcard at the end"},
    {"allow read file:src*", "wildcard at the end"},
    {"allow read file:src/*", "wildcard at the end"},
    {"allow read file:a/**/b", "wildcard at the end"},
    {"allow read file:a**", "wildcard at the end"},
    {"allow read file:**/a", "wildcard at the end"},
    {"allow read file:../a", "'.' or '..'"},
    {"allow read file:a/../b", "'.' or '..'"},
    {"allow read file:a/..", "'.' or '..'"},
    {"allow read file:./a", "'.' or '..'"},
    {"allow read file:a//b", "'.' or '..'"},
    {"allow read file:a/", "'.' or '..'"},
    {"allow read file://a", "'.' or '..'"},
    {"allow read file:../**", "'.' or '..'"},
    {"allow read file:~/.ssh/**", "relative to the workspace"},
    {"allow read file:a\x01", "visible"},
    {"allow read file:a\x7f", "visible"},
    {"allow read file:a\r", "visible"},
    {"allow read file:a\xff", "visible"},
    {"allow read file:a\xe2\x80\xae", "visible"},
    {"allow read file:\"a\\u202e\"", "visible"},
    {"allow read file:\"a\\n\"", "no line break"},
    {"allow read file:\"a", "closing quote"},
    {"allow read file:\"a\\", "closing quote"},
    {"allow read file:\"a\\q\"", "string as in JSON"},
    {"allow read file:\"a\\u0000\"", "string as in JSON"},
    {"allow read file:\"a\"b", "space after a string"},
    {"allow read file:a\"b\"", "a quote at a word's start"},
    {"allow connect file:a", "the rights 'read,write,exec' for file:"},
    {"allow read net:a.example:80", "the rights 'connect' for net:"},
    {"allow connect net:*", "HOST:PORT"},
    {"allow connect net:*:443", "HOST:PORT"},
    {"allow connect net:a.example", "HOST:PORT"},
    {"allow connect net:a.example:0", "HOST:PORT"},
    {"allow connect net:a.example:080", "HOST:PORT"},
    {"allow connect net:a.example:65536", "HOST:PORT"},
    {"allow connect net:a.example.:80", "HOST:PORT"},
    {"allow connect net:a..example:80", "HOST:PORT"},
    {"allow connect net:.example:80", "HOST:PORT"},
    {"allow connect net:a*.example:80", "HOST:PORT"},
    {"allow connect net:a.*.example:80", "HOST:PORT"},
    {"allow connect net:*.1:80", "HOST:PORT"},
    {"allow connect net:127.1:80", "HOST:PORT"},
    {"allow connect net:0x7f000001:80", "HOST:PORT"},
    {"allow connect net:::1:80", "HOST:PORT"},
    {"allow connect net:[::1]", "HOST:PORT"},
    {"allow connect net:[::1%lo]:80", "HOST:PORT"},
    {"allow connect net:user@a.example:80", "HOST:PORT"},
    {"allow connect net:a.example/x:80", "HOST:PORT"},
    {"allow call tool:*", "one name"},
    {"allow call tool:send_*", "one name"},
    {"allow call tool:", "one name"},
    {"allow send human:a*", "a name or '*'"},
    {"allow read obj:*", "wildcard at the end"},
    {"allow read file:a forever", "expected a limit"},
    {"allow read file:a uses", "how many uses, got the end"},
    {"allow read file:a uses many", "got 'many'"},
    {"allow read file:a uses -1", "got '-1'"},
    {"allow read file:a uses 1 uses 2", "each limit once, got 'uses'"},
    {"allow read file:a for 1h for 2h", "each limit once"},
    {"allow read file:a for 0s", "a duration"},
    {"allow read file:a for 1y", "a duration"},
    {"allow read file:a until tomorrow", "a time"},
    {"allow read file:a until 1970-01-01T00:00:00Z", "a time"},
    {"allow connect net:a.example:80 bytes 1X", "a size"},
    {"allow read file:a bytes 1", "'bytes' and 'with' on net: only"},
    {"allow read file:a delegable 0", "a depth"},
    {"allow read file:a unless", "'tainted'"},
    {"allow read file:a unless dirty", "'tainted'"},
    {"allow read file:a via send", "tool:NAME"},
    {"allow read file:a via tool:", "tool:NAME"},
    {"allow connect net:a.example:80 with A/B", "the name of a secret"},
    {"allow call tool:a with A", "'bytes' and 'with' on net: only"},
    {"allow read file:a where x = 1", "'where' on tool: and mcp: only"},
    {"allow call tool:x where", "an argument's name"},
    {"allow call tool:x where a", "'=', '<=' or 'prefix'"},
    {"allow call tool:x where a < 1", "got '<'"},
    {"allow call tool:x where a =", "a JSON string, number or boolean"},
    {"allow call tool:x where a = word", "a JSON string"},
    {"allow call tool:x where a = null", "a JSON string"},
    {"allow call tool:x where a = [1]", "a JSON string"},
    {"allow call tool:x where a = 01", "a JSON string"},
    {"allow call tool:x where a = 9007199254740993", "a JSON string"},
    {"allow call tool:x where a <= \"b\"", "a number"},
    {"allow call tool:x where a <= true", "a number"},
    {"allow call tool:x where a prefix 1", "a string"},
    {"deny read file:a uses 1", "on a deny"},
    {"deny connect net:a.example:80 with KEY", "on a deny"},
    {"deny read file:a unless tainted", "on a deny"},
    {"mark", "labels (tainted, secret), got the end"},
    {"mark dirty file:a", "labels (tainted, secret)"},
    {"mark read file:a", "labels (tainted, secret)"},
    {"mark secret,secret file:a", "each label once"},
    {"mark secret", "KIND:BODY"},
    {"mark secret clock:x", "file:, tool:, net:, mcp:, agent: or human:"},
    {"mark secret exec:make", "file:, tool:, net:, mcp:, agent: or human:"},
    {"mark secret file:a uses 1", "no limit on a mark"},
    {"allow secret file:a", "rights"},
    {"allow connect net:a.example:443 release", "'secret'"},
    {"allow connect net:a.example:443 release tainted", "'secret'"},
    {"allow connect net:*.example:443 release secret", "one host and port"},
    {"allow connect net:a.example:* release secret", "one host and port"},
    {"allow send human:* release secret", "one host and port"},
    {"allow send agent:* release secret", "one host and port"},
    {"allow call mcp:crm/** release secret", "one host and port"},
    {"allow read file:a release secret", "one host and port"},
    {"deny connect net:a.example:443 release secret", "on a deny"},
};

static void
test_good(void)
{
	struct grant g, again;
	struct err e;
	size_t i;

	for (i = 0; i < COUNT_OF(good); i++) {
		const char *want = good[i].canonical;

		if (want == NULL)
			want = good[i].line;
		if (!ok(grant_parse(good[i].line, &g, &e) == 0, "'%s' parses",
			good[i].line)) {
			printf("# %s\n", e.msg);
			continue;
		}
		if (!ok(strcmp(g.line, want) == 0, "its canonical form is '%s'",
			want))
			printf("# got %s\n", g.line);
		if (ok(grant_parse(g.line, &again, &e) == 0 &&
			    strcmp(g.line, again.line) == 0,
			"and that form is its own"))
			grant_free(&again);
		grant_free(&g);
	}
}

static void
test_bad(void)
{
	struct grant g;
	struct err e;
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++) {
		bool refused = grant_parse(bad[i].line, &g, &e) < 0;

		if (!ok(refused && e.status == EX_CONFIG &&
			    strstr(e.msg, bad[i].says) != NULL,
			"refused with status 78 and '%s'", bad[i].says))
			printf("# line %zu: %s\n", i, refused ? e.msg : "-");
		if (!refused)
			grant_free(&g);
	}
}

static void
test_fields(void)
{
	struct grant g;
	struct err e;

	ok(grant_parse("allow connect net:h.example:80 uses 3 for 2s bytes 1K "
		       "delegable via tool:t unless tainted with S",
	       &g, &e) == 0 &&
		g.effect == GRANT_ALLOW && g.rights == RIGHT_CONNECT &&
		g.kind == GRANT_NET && g.limits.uses == 3 &&
		g.limits.for_ns == 2 * CLOCK_SECOND && g.limits.bytes == 1024 &&
		g.limits.delegable == -1 && g.limits.unless_tainted &&
		strcmp(g.limits.via, "t") == 0 &&
		strcmp(g.limits.with, "S") == 0,
	    "every limit reaches its field");
	grant_free(&g);
	ok(grant_parse("allow read file:a", &g, &e) == 0 &&
		g.limits.uses == -1 && g.limits.bytes == -1 &&
		g.limits.for_ns == 0 && g.limits.until_ns == 0 &&
		g.limits.delegable == 0 && g.limits.wheres == 0 &&
		g.limits.via == NULL && g.limits.with == NULL &&
		!g.limits.unless_tainted && g.id == NULL && g.from == NULL,
	    "a grant without limits has none set, and no id before a policy");
	grant_free(&g);
}

static void
test_policy(void)
{
	static const char text[] = "# a comment\n\n  nobase # really\n"
				   "allow read file:a\n\tdeny read file:b";
	struct policy p;
	struct err e;

	policy_init(&p);
	ok(policy_parse(&p, text, sizeof(text) - 1, "pol", &e) == 0 &&
		p.count == 2 && !p.base,
	    "nobase may follow comments");
	ok(strcmp(p.grants[0].id, "g1") == 0 &&
		strcmp(p.grants[1].id, "g2") == 0 &&
		strcmp(p.grants[0].from, "pol:4") == 0 &&
		strcmp(p.grants[1].from, "pol:5") == 0,
	    "grants know their place and where they came from");
	ok(policy_parse(&p, "allow read file:c\nnobase\n", 25, "x", &e) < 0 &&
		e.status == EX_CONFIG &&
		strncmp(e.msg, "x:2: expected ", 14) == 0,
	    "nobase after a grant is refused, with file and line");
	ok(p.count == 2, "a policy that fails adds nothing");
	ok(policy_parse(&p, "allow read file:c\0d\n", 20, "x", &e) < 0 &&
		strstr(e.msg, "NUL") != NULL,
	    "a NUL is refused");
	ok(policy_parse(&p, "", 0, "x", &e) == 0 && p.count == 2 && p.base,
	    "an empty policy starts from the base");
	ok(policy_add(&p, "allow read", "--allow", &e) < 0 && p.count == 2,
	    "a line that fails is not added");
	policy_free(&p);
}

/* Each literal block below .Sh EXAMPLES is a policy. */
static void
test_manual(void)
{
	struct buf page CLEANUP_BUF = {0};
	const char *src = getenv("SRC");
	char path[4096];
	struct policy p;
	struct err e;
	char *s, *end;
	int n = 0;

	(void)snprintf(path, sizeof(path), "%s/man/agent-grant.5",
	    src == NULL ? "." : src);
	if (file_read(AT_FDCWD, path, 1 << 20, &page, &e) < 0) {
		ok(false, "agent-grant(5) can be read: %s", e.msg);
		return;
	}
	s = strstr(page.data, "\n.Sh EXAMPLES\n");
	while (s != NULL && (s = strstr(s, "\n.Bd -literal")) != NULL) {
		s = strchr(s + 1, '\n') + 1;
		end = strstr(s, ".Ed\n");
		if (end == NULL)
			break;
		policy_init(&p);
		e.msg[0] = '\0';
		ok(policy_parse(
		       &p, s, (size_t)(end - s), "agent-grant(5)", &e) == 0 &&
			p.count > 0 && p.base == (n < 2),
		    "the manual's example %d is a policy%s%s", n + 1,
		    e.msg[0] == '\0' ? "" : ": ", e.msg);
		policy_free(&p);
		s = end;
		n++;
	}
	ok(n == 3, "the manual has three examples");
}

int
main(void)
{
	test_good();
	test_bad();
	test_fields();
	test_policy();
	test_manual();
	return done();
}
