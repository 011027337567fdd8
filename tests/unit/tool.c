#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/url.h"
#include "base/utf8.h"
#include "sandbox/address.h"
#include "tool/args.h"
#include "tool/inside.h"
#include "tool/stream.h"
#include "tool/tool.h"

#include "tap.h"

/* A text as it can stand in a test's name; valid until the next call. */
static const char *
flat(const char *text)
{
	static struct buf b;

	buf_clear(&b);
	utf8_safe(&b, text, strlen(text), false);
	return buf_str(&b);
}

static void
check_table(void)
{
	struct tool_table t;
	struct json *j CLEANUP_JSON = NULL;
	struct buf b CLEANUP_BUF = {0};
	struct err e = {0};
	const struct json *f;
	enum tool_effect effect;
	size_t i;
	bool good = true;

	tool_table_init(&t);
	for (i = 0; i < t.count; i++)
		good = good && schema_valid(t.tools[i].schema, &e) == 0 &&
		       strcmp(json_get_string(t.tools[i].schema, "type"),
			   "object") == 0 &&
		       json_type(json_get(t.tools[i].schema,
			   "additionalProperties")) == JSON_FALSE;
	ok(good, "each built-in tool has a closed schema of type object");
	ok(tool_find(&t, "run_command") != NULL &&
		tool_find(&t, "send_message") != NULL,
	    "they are found by their names");
	ok(tool_find(&t, "nothing") == NULL, "other names are not found");
	tool_table_json(&t, &b);
	ok(json_parse(buf_str(&b), b.len, &j, &e) == 0 &&
		json_count(j) == t.count,
	    "the request's tools are a JSON array");
	f = json_get(json_first(j), "function");
	ok(strcmp(json_get_string(f, "name"), "read_file") == 0 &&
		json_get(json_get(f, "parameters"), "properties") != NULL,
	    "in the table's order, with their parameters");
	ok(tool_find(&t, "edit_file")->prepares &&
		tool_find(&t, "write_file")->prepares &&
		!tool_find(&t, "run_command")->prepares,
	    "the tools that change one file prepare");
	ok(tool_effect_parse("workspace", &effect) == 0 &&
		effect == EFFECT_WORKSPACE &&
		tool_effect_parse("all", &effect) < 0,
	    "effects are parsed by name");
	tool_table_free(&t);
}

/* What is kept of `n` bytes that `make` gives in pieces of `piece`. */
static void
keep(const char *data, size_t n, size_t piece, size_t most, struct buf *out)
{
	struct tool_stream s;
	size_t i;

	stream_init(&s, -1, most);
	for (i = 0; i < n; i += piece)
		stream_add(&s, data + i, n - i < piece ? n - i : piece);
	stream_text(&s, out);
	stream_free(&s);
}

static void
check_kept(
    const char *in, size_t n, size_t most, const char *want, const char *name)
{
	struct buf out CLEANUP_BUF = {0};
	size_t piece;
	bool same = true;

	for (piece = 1; piece <= n; piece++) {
		buf_clear(&out);
		keep(in, n, piece, most, &out);
		same = same && strcmp(buf_str(&out), want) == 0;
	}
	if (!ok(same, "%s", name))
		printf("# got: %s\n", buf_str(&out));
}

static void
check_stream(void)
{
	struct buf in CLEANUP_BUF = {0}, out CLEANUP_BUF = {0};
	size_t i;

	check_kept("0123456789", 10, 10, "0123456789",
	    "what fits is kept whole, whatever the pieces");
	check_kept("0123456789abcdefghij", 20, 10,
	    "01234\n[… 10 bytes left out …]\nfghij",
	    "of more the middle is left out");
	check_kept("012\xc3\xa4\xc3\xa4zzzzz\xc3\xa4"
		   "bcd",
	    17, 10,
	    "012\xc3\xa4\n[… 7 bytes left out …]\n\xc3\xa4"
	    "bcd",
	    "cuts that fall between characters keep them");
	check_kept("0123\xc3\xa4zzzzzz\xc3\xa4"
		   "bcde",
	    18, 10, "0123\n[… 10 bytes left out …]\nbcde",
	    "a character that a cut would halve is left out");
	check_kept("a\0b\xff", 4, 10,
	    "a\xef\xbf\xbd"
	    "b\xef\xbf\xbd",
	    "NULs and bad bytes are repaired");
	for (i = 0; i < 5000; i++)
		buf_putc(&in, '\xff');
	keep(buf_str(&in), in.len, 700, 1000, &out);
	ok(out.len < 1100 && utf8_valid(buf_str(&out), out.len) == out.len,
	    "repairing does not make an answer pass its limit");
	buf_clear(&out);
	keep(buf_str(&in), 900, 900, 1000, &out);
	ok(out.len < 1100 && strstr(buf_str(&out), "left out") != NULL,
	    "also when all of it was kept");
}

static void
url(const char *text, const char *want)
{
	char *resource CLEANUP_FREE = NULL;
	struct url u CLEANUP(url_free) = {.text = NULL};
	struct err e = {0};

	if (url_parse(text, &u, &e) == 0)
		resource = url_resource(&u);
	ok(want == NULL ? resource == NULL && e.msg[0] != '\0'
			: resource != NULL && strcmp(resource, want) == 0,
	    "'%.60s' is %s", flat(text), want == NULL ? "no URL" : want);
}

static void
follow(const char *base, const char *to, const char *want)
{
	struct url b CLEANUP(url_free) = {.text = NULL};
	struct url u CLEANUP(url_free) = {.text = NULL};
	struct err e = {0};

	(void)url_parse(base, &b, &e);
	if (url_follow(&b, to, &u, &e) < 0)
		u.text = NULL;
	ok(want == NULL ? u.text == NULL
			: u.text != NULL && strcmp(u.text, want) == 0,
	    "from %s, '%s' leads to %s", base, to,
	    want == NULL ? "nothing" : want);
}

static void
check_urls(void)
{
	url("http://Example.ORG/a?b#c", "example.org:80");
	url("https://example.org", "example.org:443");
	url("https://example.org:8443/", "example.org:8443");
	url("http://[::1]:8080/x", "[::1]:8080");
	url("http://[::1]/", "[::1]:80");
	url("HTTP://a?q", "a:80");
	url("ftp://example.org/", NULL);
	url("file:///etc/passwd", NULL);
	url("http:example.org", NULL);
	url("http://", NULL);
	url("http:///path", NULL);
	url("http://user:word@example.org/", NULL);
	url("http://good.example\\@evil.example/", NULL);
	url("http://a b/", NULL);
	url("http://a\n/", NULL);
	url("http://a/\x7f", NULL);
	url("http://a%00b/", NULL);
	url("http://a:0/", NULL);
	url("http://a:65536/", NULL);
	url("http://a:1:2/", NULL);
	url("http://a:/", NULL);
	url("http://[::1/", NULL);
	url("http://::1/", NULL);
	follow("http://h/a/b?c", "d", "http://h/a/d");
	follow("http://h/a/b?c/x", "/d", "http://h/d");
	follow("http://h", "d", "http://h/d");
	follow("http://h?q", "/d", "http://h/d");
	follow("http://h/a", "?z", "http://h/a?z");
	follow("https://h/a", "//other:1/b", "https://other:1/b");
	follow("https://h/a", "http://other/", "http://other/");
	follow("http://h/a", "file:///etc/passwd", NULL);
	follow("http://h/a", "javascript:1", NULL);
	follow("http://h/a", "http://user@h/", NULL);
}

static void
address(const char *text, enum address_class want)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	const struct sockaddr *a = (const struct sockaddr *)(const void *)&six;

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		a = (const struct sockaddr *)(const void *)&four;
	else
		(void)inet_pton(AF_INET6, text, &six.sin6_addr);
	ok(address_class(a) == want, "%s is %s", text,
	    want == ADDRESS_PUBLIC    ? "public"
	    : want == ADDRESS_PRIVATE ? "private"
				      : "local");
}

static void
check_addresses(void)
{
	address("8.8.8.8", ADDRESS_PUBLIC);
	address("172.32.0.1", ADDRESS_PUBLIC);
	address("10.1.2.3", ADDRESS_PRIVATE);
	address("172.31.255.255", ADDRESS_PRIVATE);
	address("192.168.0.1", ADDRESS_PRIVATE);
	address("100.64.0.1", ADDRESS_PRIVATE);
	address("127.255.0.1", ADDRESS_LOCAL);
	address("0.0.0.0", ADDRESS_LOCAL);
	address("169.254.169.254", ADDRESS_LOCAL);
	address("224.0.0.1", ADDRESS_LOCAL);
	address("255.255.255.255", ADDRESS_LOCAL);
	address("2606:4700::1", ADDRESS_PUBLIC);
	address("::", ADDRESS_LOCAL);
	address("::1", ADDRESS_LOCAL);
	address("::127.0.0.1", ADDRESS_LOCAL);
	address("fe80::1", ADDRESS_LOCAL);
	address("ff02::1", ADDRESS_LOCAL);
	address("fd00::1", ADDRESS_PRIVATE);
	address("::ffff:127.0.0.1", ADDRESS_LOCAL);
	address("::ffff:8.8.8.8", ADDRESS_PUBLIC);
	address("64:ff9b::7f00:1", ADDRESS_LOCAL);
	address("2002:7f00:1::", ADDRESS_LOCAL);
	address("2002:808:808::", ADDRESS_PUBLIC);
}

static void
check_print(void)
{
	static const char text[] =
	    "{\"a\":[1,-2.5,9007199254740991,true,"
	    "false,null,\"\xc3\xa4\\n\\\"\"],\"\":{},\"b\":[]}";
	struct json *j CLEANUP_JSON = NULL;
	struct buf b CLEANUP_BUF = {0};
	struct err e = {0};

	(void)json_parse(text, strlen(text), &j, &e);
	json_print(j, &b);
	ok(strcmp(buf_str(&b), text) == 0, "arguments are printed as JSON");
}

/* One of the bodies, as a plain function in a process of its own; `go` says
 * whether it is let go.  Returns its exit status. */
static int
inside(sandbox_main *body, const char *arguments, bool go, struct buf *out)
{
	struct err e = {0};
	int in[2], answer[2], w = 0;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(answer, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(answer[1], STDOUT_FILENO);
		(void)close(in[1]);
		_exit(body((struct slice){arguments, strlen(arguments)}));
	}
	(void)close(answer[1]);
	if (go) /* with its end open: it may have ended already */
		(void)file_write_all(in[1], "g", 1, "go", &e);
	(void)close(in[0]);
	(void)close(in[1]);
	buf_clear(out);
	(void)file_read_fd(answer[0], "answer", 1 << 20, out, &e);
	(void)close(answer[0]);
	(void)waitpid(pid, &w, 0);
	return WIFEXITED(w) ? WEXITSTATUS(w) : -1;
}

static void
check_prepare(void)
{
	static const char edit[] =
	    "{\"path\":\"f\",\"old\":\"two\",\"new\":\"2\"}";
	struct buf out CLEANUP_BUF = {0}, now CLEANUP_BUF = {0};
	char want[INSIDE_HEADER + 1] = "E";
	struct digest before, after;
	struct err e = {0};
	int r;

	(void)file_replace(AT_FDCWD, "f", "one two\n", 8, 0644, &e);
	digest_of("one two\n", 8, &before);
	digest_of("one 2\n", 6, &after);
	digest_hex(&before, want + 1);
	digest_hex(&after, want + 1 + DIGEST_HEX);
	want[INSIDE_HEADER - 1] = '\n';
	want[INSIDE_HEADER] = '\0';
	r = inside(inside_edit_file, edit, false, &out);
	(void)file_read(AT_FDCWD, "f", 100, &now, &e);
	ok(r == 1 && strcmp(buf_str(&out), want) == 0,
	    "an edit tells its digests in a header of fixed size");
	ok(strcmp(buf_str(&now), "one two\n") == 0,
	    "and without the go it changes nothing");
	r = inside(inside_edit_file, edit, true, &out);
	buf_clear(&now);
	(void)file_read(AT_FDCWD, "f", 100, &now, &e);
	ok(r == 0 && strncmp(buf_str(&out), want, INSIDE_HEADER) == 0 &&
		strcmp(buf_str(&now), "one 2\n") == 0,
	    "with the go it is done");
	r = inside(inside_edit_file, edit, true, &out);
	ok(r == 1 && buf_str(&out)[0] == 'F' &&
		strstr(buf_str(&out), "does not occur") != NULL,
	    "one that fails says so instead of a header");
	r = inside(inside_look, edit, false, &out);
	digest_hex(&after, want + 1);
	ok(r == 0 && strncmp(buf_str(&out), want, 1 + DIGEST_HEX) == 0,
	    "looking tells the digest that the file has");
	r = inside(inside_look, "{\"path\":\"none\"}", false, &out);
	ok(r == 0 && buf_str(&out)[0] == 'N', "or that there is none");
}

static void
check_durable(void)
{
	struct buf out CLEANUP_BUF = {0};
	int r = inside(inside_write_file,
	    "{\"path\":\"d/../g\",\"content\":\"x\"}", true, &out);

	ok(r == 0 && access("g", F_OK) == 0 && access("d", F_OK) < 0,
	    "a path is what its text says: no folder is made for 'd/..'");
	r = inside(inside_read_file, "{\"path\":", false, &out);
	ok(r == 1 && strstr(buf_str(&out), "bad arguments") != NULL,
	    "arguments that are not JSON are refused");
	r = inside(inside_write_file, "{\"path\":", true, &out);
	ok(r == 1 && buf_str(&out)[0] == 'F',
	    "by a tool that prepares without a header");
}

/* "verdict" of one call under one policy. */
static void
decide(const char *policy, const char *tool, const char *arguments,
    enum grant_effect want)
{
	struct json *args CLEANUP_JSON = NULL;
	struct policy p CLEANUP(policy_free);
	struct tool_context ctx = {.policy = &p, .workspace = "/srv/w"};
	struct tool_table t;
	struct decision d;
	struct err e = {0};

	policy_init(&p);
	tool_table_init(&t);
	if (policy_parse(&p, policy, strlen(policy), "p", &e) < 0)
		printf("# %s\n", e.msg);
	if (p.base)
		policy_add_base(&p);
	(void)json_parse(arguments, strlen(arguments), &args, &e);
	tool_decide(tool_find(&t, tool), args, &ctx, &d);
	if (!ok(d.verdict == want, "'%s': %s %s is %s", flat(policy), tool,
		arguments, grant_effect_name(want)))
		printf("# %s: %s\n", grant_effect_name(d.verdict), d.why);
	tool_table_free(&t);
}

static void
check_decide(void)
{
	static const char rw[] = "allow read,write file:**\n";
	static const char net[] = "allow connect net:*.example.org:443\n";

	decide(rw, "read_file", "{\"path\":\"a\"}", GRANT_ALLOW);
	decide(rw, "read_file", "{\"path\":\"../a\"}", GRANT_DENY);
	decide(rw, "read_file", "{\"path\":\"b/../../w/a\"}", GRANT_ALLOW);
	decide(rw, "read_file", "{\"path\":\"/srv/w/a\"}", GRANT_ALLOW);
	decide(rw, "read_file", "{\"path\":\"/srv/wx\"}", GRANT_DENY);
	decide(rw, "list_files", "{}", GRANT_ALLOW);
	decide(rw, "search_files", "{\"pattern\":\"x\"}", GRANT_ALLOW);
	decide("allow write file:**\n", "write_file",
	    "{\"path\":\"a\",\"content\":\"\"}", GRANT_ALLOW);
	decide("allow write file:**\n", "edit_file",
	    "{\"path\":\"a\",\"old\":\"x\",\"new\":\"\"}", GRANT_DENY);
	decide("allow read file:**\nask write file:**\n", "edit_file",
	    "{\"path\":\"a\",\"old\":\"x\",\"new\":\"\"}", GRANT_ASK);
	decide("deny exec exec:sh\n", "run_command", "{\"command\":\"x\"}",
	    GRANT_DENY);
	decide("\n", "run_command", "{\"command\":\"x\"}", GRANT_ALLOW);
	decide("ask call tool:run_command\n", "run_command",
	    "{\"command\":\"x\"}", GRANT_ASK);
	decide("deny call tool:run_command where command prefix \"rm\"\n",
	    "run_command", "{\"command\":\"rm x\"}", GRANT_DENY);
	decide("deny call tool:run_command where command prefix \"rm\"\n",
	    "run_command", "{\"command\":\"ls\"}", GRANT_ALLOW);
	decide(net, "http_get", "{\"url\":\"https://a.example.org/\"}",
	    GRANT_ALLOW);
	decide(
	    net, "http_get", "{\"url\":\"http://a.example.org/\"}", GRANT_DENY);
	decide(net, "http_get", "{\"url\":\"https://example.org.evil/\"}",
	    GRANT_DENY);
	decide("allow connect net:h.example:80 via tool:http_get\n", "http_get",
	    "{\"url\":\"http://h.example/\"}", GRANT_ALLOW);
	decide("allow connect net:h.example:80 via tool:other\n", "http_get",
	    "{\"url\":\"http://h.example/\"}", GRANT_DENY);
	decide("allow send human:*\n", "ask_human", "{\"question\":\"?\"}",
	    GRANT_ALLOW);
	decide("\n", "report", "{\"text\":\"\"}", GRANT_ALLOW);
	decide(
	    "deny call tool:report\n", "report", "{\"text\":\"\"}", GRANT_DENY);
}

int
main(void)
{
	check_table();
	check_stream();
	check_urls();
	check_addresses();
	check_print();
	check_prepare();
	check_durable();
	check_decide();
	return done();
}
