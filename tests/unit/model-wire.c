#include "tap.h"

#include <string.h>

#include "model/provider.h"

/* The member after `"messages":` of what a provider would send. */
static void
check(
    const char *spec, const char *messages, const char *want, const char *name)
{
	struct buf request CLEANUP_BUF = {0}, out CLEANUP_BUF = {0};
	struct model *m = NULL;
	struct err e = {0};
	const char *got = "";
	size_t n = 0;

	buf_printf(&request, "{\"messages\":%s}", messages);
	if (model_open(spec, &m, &e) == 0 &&
	    model_wire(m, (struct slice){request.data, request.len}, NULL, &out,
		&e) == 0) {
		got = strstr(buf_str(&out), "\"messages\":");
		got = got == NULL ? "" : got + strlen("\"messages\":");
		n = (size_t)(strstr(got, ",\"stream\"") - got);
	}
	ok(strlen(want) == n && strncmp(got, want, n) == 0, "%s", name);
	if (strlen(want) != n || strncmp(got, want, n) != 0)
		printf(
		    "# got  %.*s\n# want %s\n# %s\n", (int)n, got, want, e.msg);
	model_close(m);
}

#define A(m, w, n) check("anthropic:c", (m), (w), (n))
#define O(m, w, n) check("openai:g", (m), (w), (n))
#define CALL(id, name, args)                                      \
	"{\"id\":\"" id                                           \
	"\",\"type\":\"function\",\"function\":{\"name\":\"" name \
	"\",\"arguments\":\"" args "\"}}"
#define TEXT(t) "{\"type\":\"text\",\"text\":\"" t "\"}"

static void
test_anthropic_text(void)
{
	A("[{\"role\":\"user\",\"content\":\"a\"}]",
	    "[{\"role\":\"user\",\"content\":[" TEXT("a") "]}]",
	    "a question is a block of text");
	A("[{\"role\":\"user\",\"content\":\"a\"},"
	  "{\"role\":\"user\",\"content\":\"b\"}]",
	    "[{\"role\":\"user\",\"content\":[" TEXT("a") "," TEXT("b") "]}]",
	    "messages of one side are one message");
	A("[{\"role\":\"user\",\"content\":\"a\"},"
	  "{\"role\":\"assistant\",\"content\":\" \\n\\t\"},"
	  "{\"role\":\"user\",\"content\":\"\"}]",
	    "[{\"role\":\"user\",\"content\":[" TEXT("a") "]}]",
	    "blank text, which is refused, is left out");
	A("[{\"role\":\"user\",\"content\":[" TEXT(
	      "look") ",{\"type\":"
		      "\"image_url\",\"image_url\":{\"url\":"
		      "\"data:image/png;base64,AAA=\"}}]}]",
	    "[{\"role\":\"user\",\"content\":[" TEXT(
		"look") ",{\"type\":\"image\",\"source\":{\"type\":\"base64\","
			"\"media_type\":\"image/png\",\"data\":\"AAA=\"}}]}]",
	    "a picture in a data URL is sent as base64");
	A("[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
	  "\"image_url\":{\"url\":\"https://x/y,;base64,z\"}}]}]",
	    "[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":"
	    "{\"type\":\"url\",\"url\":\"https://x/y,;base64,z\"}}]}]",
	    "any other URL is sent as one");
}

static void
test_anthropic_calls(void)
{
	A("[{\"role\":\"assistant\",\"content\":\"hm\",\"tool_calls\":[" CALL(
	      "a", "f", "{\\\"x\\\":1}") "," CALL("b", "g",
	      "{cut") "," CALL("c:d", "no.such tool",
	      "[1]") "]},"
		     "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":"
		     "\"A\"},"
		     "{\"role\":\"user\",\"content\":\"psst\"},"
		     "{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":"
		     "\"\"},"
		     "{\"role\":\"tool\",\"tool_call_id\":\"c:d\",\"content\":"
		     "[" TEXT("C") "]}]",
	    "[{\"role\":\"assistant\",\"content\":[" TEXT(
		"hm") ",{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\","
		      "\"input\":{\"x\":1}},"
		      "{\"type\":\"tool_use\",\"id\":\"b\",\"name\":\"g\","
		      "\"input\":{}},"
		      "{\"type\":\"tool_use\",\"id\":\"c_d\",\"name\":\"no_"
		      "such_tool\","
		      "\"input\":{}}]},{\"role\":\"user\",\"content\":["
		      "{\"type\":\"tool_result\",\"tool_use_id\":\"a\","
		      "\"content\":\"A\"},"
		      "{\"type\":\"tool_result\",\"tool_use_id\":\"b\"},"
		      "{\"type\":\"tool_result\",\"tool_use_id\":\"c_d\","
		      "\"content\":[" TEXT("C") "]}," TEXT("psst") "]}]",
	    "all results go first in one message; inputs are objects; ids and "
	    "names are plain");
	A("[{\"role\":\"assistant\",\"content\":\"x\",\"provider\":"
	  "{\"anthropic\":[{\"type\":\"thinking\",\"signature\":\"s\"}]}}]",
	    "[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
	    "\"signature\":\"s\"}]}]",
	    "its own blocks go back verbatim");
	A("[{\"role\":\"assistant\",\"content\":\"x\",\"provider\":"
	  "{\"other\":[1]}}]",
	    "[{\"role\":\"assistant\",\"content\":[" TEXT("x") "]}]",
	    "another provider's do not");
}

static void
test_openai(void)
{
	O("[{\"role\":\"assistant\",\"content\":\"\",\"provider\":{\"x\":1},"
	  "\"tool_calls\":[" CALL("a", "f", "{ \\\"x\\\": 1}") "," CALL(
	      "b", "a b", "cut") "]}]",
	    "[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[" CALL(
		"a", "f", "{ \\\"x\\\": 1}") "," CALL("b", "a_b", "{}") "]}]",
	    "arguments stand as written, but {} for what is no object");
	O("[{\"role\":\"assistant\",\"tool_calls\":[]},"
	  "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"r\"}]",
	    "[{\"role\":\"assistant\",\"content\":\"\"},{\"role\":\"tool\","
	    "\"content\":\"r\",\"tool_call_id\":\"a\"}]",
	    "an empty list of calls, which is refused, is left out");
}

static void
test_bad(void)
{
	static const char *const bad[] = {"", "{", "[]", "{}",
	    "{\"messages\":1}", "{\"messages\":[1]}",
	    "{\"messages\":[{\"role\":\"robot\"}]}",
	    "{\"messages\":[{\"role\":\"user\",\"content\":1}]}",
	    "{\"messages\":[{\"role\":\"tool\",\"content\":\"\"}]}",
	    "{\"messages\":[{\"role\":\"assistant\",\"tool_calls\":{}}]}",
	    "{\"messages\":[],\"tools\":{}}"};
	struct buf out CLEANUP_BUF = {0};
	struct model *o, *a;
	struct slice q;
	struct err e;
	size_t i;

	if (model_open("openai:x", &o, &e) < 0 ||
	    model_open("anthropic:x", &a, &e) < 0)
		return;
	for (i = 0; i < COUNT_OF(bad); i++) {
		q = (struct slice){bad[i], strlen(bad[i])};
		ok(model_wire(o, q, NULL, &out, &e) < 0 &&
			e.status == EX_DATAERR &&
			model_wire(a, q, NULL, &out, &e) < 0 &&
			e.status == EX_DATAERR && out.len == 0,
		    "status 65, and nothing is written: %s", bad[i]);
	}
	model_close(o);
	model_close(a);
}

static void
test_turns(void)
{
	static const char text[] =
	    "{\"messages\":[{\"role\":\"assistant\"},"
	    "{\"role\":\"user\",\"content\":\"\\\"role\\\":\\\"assistant\\\"\"}"
	    ","
	    "{\"x\":{\"role\":\"assistant\"},\"role\":\"assistant\"}]}";
	struct model_options o;
	struct err e;

	model_options_init(&o);
	ok(request_turn((struct slice){text, sizeof(text) - 1}, &o, &e) == 2,
	    "assistant messages are counted, and nothing like them");
	o.turn = 9;
	ok(request_turn((struct slice){"", 0}, &o, &e) == 9,
	    "a hint needs no request");
}

int
main(void)
{
	(void)setenv("OPENAI_API_KEY", "k", 1);
	(void)setenv("ANTHROPIC_API_KEY", "k", 1);
	test_anthropic_text();
	test_anthropic_calls();
	test_openai();
	test_bad();
	test_turns();
	return done();
}
