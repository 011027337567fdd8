/* What records are looked for, and which of them match. */
#include "audit/match.h"

#include <string.h>

#include "base/mem.h"
#include "tap.h"

#define NOW (INT64_C(1763856000) * CLOCK_SECOND) /* 2025-11-23T00:00:00Z */

static int
no_blob(void *arg, const struct digest *d, struct buf *out, struct err *e)
{
	if (arg == NULL)
		return err_set(e, EX_NOINPUT, 0, "a blob is missing");
	(void)d;
	buf_puts(out, arg);
	return 0;
}

static void
refused(const char *text, const char *why)
{
	struct expr x;
	struct err e = {0};
	int r = expr_parse(text, NOW, &x, &e);

	if (!ok(r < 0 && e.status == EX_USAGE && strstr(e.msg, why) != NULL,
		"'%s' is refused, since %s", text, why))
		printf("# %s\n", e.msg);
	if (r == 0)
		expr_free(&x);
}

static void
refusals(void)
{
	refused("nonsense=1", "no key 'nonsense'");
	refused("body=1", "no key 'body'");
	refused("body.=1", "no key 'body.'");
	refused("type=tool", "not a record's type");
	refused("type=tool.call|x", "not a record's type");
	refused("type<tool.call", "takes = or !=");
	refused("type~tool", "takes = or !=");
	refused("since=soon", "not a length of time");
	refused("since>2h", "takes = alone");
	refused("time>noon", "not a length of time");
	refused("seq=one", "not a number");
	refused("seq~1", "takes no ~");
	refused("cost>0.0000001", "not an amount");
	refused("seconds>1y", "not a length of time");
	refused("tool=", "a value is missing");
	refused("tool=a|", "a value is missing");
	refused("tool='a", "not closed");
	refused("tool == a", "without spaces, at '== a'");
	refused("tool & x", "at '& x'");
	refused("= a", "want KEY OP VALUE");
	refused("!tool=a", "takes no value");
	refused("(tool=a)", "want KEY OP VALUE");
}

/* ---- records -------------------------------------------------------------- */

static const struct {
	enum record_type type;
	int64_t after; /* seconds after NOW */
	const char *body;
} history[] = {
    {RECORD_BORN, 0, "{\"salt\":\"a\",\"model\":\"script:m\"}"},
    {RECORD_GOAL, 1,
	"{\"text\":\"look \\\"here\\\"\",\"labels\":[\"tainted\"]}"},
    {RECORD_MODEL_CALL, 2,
	"{\"call\":\"m3\",\"model\":\"openai:x\",\"attempt\":1}"},
    {RECORD_MODEL_REPLY, 5,
	"{\"call\":\"m3\",\"usage\":{\"input\":10,\"output\":4},"
	"\"cost\":250000,\"calls\":[{\"id\":\"1\",\"function\":{\"name\":\"t\"}"
	"}],"
	"\"text\":\"r\\u00e9ply\"}"},
    {RECORD_TOOL_CALL, 5,
	"{\"call\":\"4.1\",\"tool\":\"run_command\",\"effect\":\"workspace\","
	"\"decision\":{\"verdict\":\"allow\",\"grants\":[\"g1\",\"g2\"]},"
	"\"arguments\":\"{\\\"command\\\":\\\"make\\\"}\"}"},
    {RECORD_TOOL_CALL, 5,
	"{\"call\":\"4.2\",\"tool\":\"read_file\","
	"\"decision\":{\"verdict\":\"deny\",\"grants\":[]},"
	"\"arguments\":\"{}\"}"},
    {RECORD_TOOL_RESULT, 6,
	"{\"call\":\"4.1\",\"status\":\"ok\",\"exit\":2,\"seconds\":1.500,"
	"\"text\":\"boom\"}"},
    {RECORD_TOOL_RESULT, 6,
	"{\"call\":\"4.2\",\"status\":\"denied\",\"seconds\":0.000,"
	"\"text\":\"no\"}"},
    {RECORD_GOAL, 7, "null"},
    {RECORD_NOTE, 8,
	"{\"note\":\"x\",\"blob\":\"" /* 64 hex */
	"00000000000000000000000000000000"
	"00000000000000000000000000000000\"}"},
};

/* The numbers of the records that match, with spaces between. */
static void
found(const char *text, const char *want)
{
	struct buf got CLEANUP_BUF = {0};
	char words[] = "in the blob";
	struct blob_source blobs = {no_blob, words};
	struct match m;
	struct expr x;
	struct err e = {0};
	size_t i;
	int r = expr_parse(text, NOW + 10 * CLOCK_SECOND, &x, &e);

	if (!ok(r == 0, "'%s' is an expression", text)) {
		printf("# %s\n", e.msg);
		return;
	}
	match_init(&m, &x, "01ABCDEFGHJKMNPQRSTVWXYZ00", "bob", &blobs);
	for (i = 0; i < COUNT_OF(history); i++) {
		struct record rec = {.seq = (int64_t)i + 1,
		    .type = history[i].type,
		    .time = NOW + history[i].after * CLOCK_SECOND,
		    .body = {history[i].body, strlen(history[i].body)}};

		r = match_record(&m, &rec, &e);
		if (r > 0)
			buf_printf(
			    &got, "%s%zu", got.len > 0 ? " " : "", i + 1);
	}
	if (!ok(strcmp(buf_str(&got), want) == 0, "and matches '%s'", want))
		printf("# got: %s\n", buf_str(&got));
	match_free(&m);
	expr_free(&x);
}

static void
header(void)
{
	found("", "1 2 3 4 5 6 7 8 9 10");
	found("type=tool.call", "5 6");
	found("type!=tool.call|tool.result type!=born", "2 3 4 9 10");
	found("seq>=9", "9 10");
	found("seq=2|3", "2 3");
	found("time<2025-11-23T00:00:02Z", "1 2");
	found("time>=2025-11-23T01:00:07+01:00", "9 10");
	found("since=4s", "7 8 9 10");
	found("since=8.5s until=4s", "3 4 5 6");
	found("until=2025-11-23", "");
	found("agent=01abcd", "1 2 3 4 5 6 7 8 9 10");
	found("agent=bob seq=1", "1");
	found("agent=bo", "");
	found("agent!=bob", "");
}

static void
bodies(void)
{
	found("tool=run_command", "5 7");
	found("tool=read_file type=tool.result", "8");
	found("tool!=run_command", "6 8");
	found("tool~file|nothing", "6 8");
	found("type=tool.result tool=run_command status!=0", "7");
	found("status=0", "");
	found("status=2", "7");
	found("status=1", "8");
	found("status=ok", "7");
	found("status!=ok", "8");
	found("exit>1", "7");
	found("!exit type=tool.result", "8");
	found("verdict=deny", "6");
	found("grant=g2", "5");
	found("grant!=g2", "");
	found("label=tainted", "2");
	found("model=openai:x", "3 4");
	found("model~script", "1");
	found("seconds>=1s", "4 7");
	found("seconds>2", "4");
	found("cost>=0.25", "4");
	found("cost>0.25", "");
	found("tokens=14", "4");
	found("call=4.1", "5 7");
	found("arguments~make", "5");
	found("effect=workspace", "5");
	found("text~'\"here\"'", "2");
	found("text='look \"here\"'", "2");
	found("text=r\xc3\xa9ply", "4");
	found("text~\"in the blob\"", "10");
	found("text!~o", "4 6");
	found("body.usage.input>9", "4");
	found("body.calls.0.function.name=t", "4");
	found("body.calls.1.id", "");
	found("body.decision.grants=g1", "5");
	found("body.nothing", "");
	found("!body.call", "1 2 9 10");
}

/* ---- what is bad ---------------------------------------------------------- */

static int
one(const char *expression, const char *body, struct err *e)
{
	struct record rec = {
	    .seq = 7, .type = RECORD_NOTE, .body = {body, strlen(body)}};
	struct blob_source blobs = {no_blob, NULL};
	struct match m;
	struct expr x;
	int r;

	if (expr_parse(expression, NOW, &x, e) < 0)
		return -2;
	match_init(&m, &x, "A", NULL, &blobs);
	r = match_record(&m, &rec, e);
	match_free(&m);
	expr_free(&x);
	return r;
}

static void
hostile(void)
{
	static const char *const bad[] = {"", "{", "[]", "{\"a\":}", "{\"a\"}",
	    "{\"a\":1,}", "{\"a\":1}x", "{,}", "7", "{\"a\":1 \"b\":2}"};
	char hex[] = "{\"blob\":\"00000000000000000000000000000000"
		     "00000000000000000000000000000000\"}";
	struct err e = {0};
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++)
		ok(one("text~x", bad[i], &e) == -1 && e.status == EX_DATAERR &&
			strstr(e.msg, "record 7") != NULL,
		    "the body '%s' is bad data", bad[i]);
	ok(one("type=note", "{", &e) == 1,
	    "of no concern where the header answers");
	ok(one("text~x", hex, &e) == -1 && e.status == EX_NOINPUT,
	    "a blob that is missing is no such input");
	ok(one("by", hex, &e) == 0, "unless nobody asks for what is in it");
	ok(one("by=1", "{ \"by\" : 1 }", &e) == 1, "spaces do not matter");
}

int
main(void)
{
	refusals();
	header();
	bodies();
	hostile();
	return done();
}
