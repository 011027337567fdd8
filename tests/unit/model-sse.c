#include "tap.h"

#include <string.h>

#include "model/sse.h"

/* Events as text: "NAME|DATA;" each. */
static int
collect(void *arg, const char *event, struct slice data)
{
	struct buf *out = arg;

	buf_printf(out, "%s|%.*s;", event, (int)data.len, data.data);
	return data.len == 4 && memcmp(data.data, "stop", 4) == 0 ? 7 : 0;
}

/* Fed in two pieces, cut after `cut` bytes. */
static int
feed(const char *text, size_t cut, bool end, struct buf *out)
{
	const struct sse_handler h = {collect, out};
	struct sse s;
	int rc;

	sse_init(&s, 1000);
	rc = sse_feed(&s, text, cut, &h);
	if (rc == 0)
		rc = sse_feed(&s, text + cut, strlen(text) - cut, &h);
	if (rc == 0 && end)
		rc = sse_end(&s, &h);
	sse_free(&s);
	return rc;
}

static void
check(const char *text, bool end, const char *want, const char *name)
{
	struct buf out CLEANUP_BUF = {0};
	size_t cut, bad = 0;

	for (cut = 0; cut <= strlen(text); cut++) {
		buf_clear(&out);
		if (feed(text, cut, end, &out) != 0 ||
		    strcmp(buf_str(&out), want) != 0)
			bad++;
	}
	ok(bad == 0, "%s, wherever it is cut", name);
	if (bad != 0)
		printf("# got  %s\n# want %s\n", buf_str(&out), want);
}

static void
test_bounds(void)
{
	struct buf out CLEANUP_BUF = {0};
	char big[3000];

	ok(feed("data: stop\n\ndata: more\n\n", 3, false, &out) == 7,
	    "what the handler returns ends it");
	ok(strcmp(buf_str(&out), "|stop;") == 0, "at that event");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	memcpy(big, "data: ", 6);
	ok(feed(big, 5, false, &out) == SSE_TOO_LARGE,
	    "a line beyond the limit is an error");
	for (size_t i = 50; i < sizeof(big) - 10; i += 50)
		memcpy(big + i, "\ndata: ", 7);
	ok(feed(big, 5, false, &out) == SSE_TOO_LARGE,
	    "so are many lines of one event");
}

int
main(void)
{
	check("data: a\n\ndata: b\n\n", false, "|a;|b;", "LF ends lines");
	check("data: a\r\n\r\ndata: b\r\n\r\n", false, "|a;|b;",
	    "CRLF ends lines");
	check("data: a\r\rdata: b\r\r", false, "|a;|b;", "CR ends lines");
	check("event: x\ndata: a\ndata: b\n\ndata: c\n\n", false, "x|a\nb;|c;",
	    "data may have lines, and a name counts for one event");
	check("\xef\xbb\xbf"
	      "data: a\n\n",
	    false, "|a;", "a byte order mark is skipped");
	check(": hello\n\nid: 1\nretry: 5\ndata\n\n", false, "|;",
	    "comments and other fields are passed over");
	check("data:a\ndata:  b\n\n", false, "|a\n b;",
	    "one space after the colon belongs to the form");
	check("event: x\n\ndata: a\n\n", false, "|a;",
	    "an event without data is none");
	check("data: \xc3\xbc\xf0\x9f\x98\x80\n\n", false,
	    "|\xc3\xbc\xf0\x9f\x98\x80;", "UTF-8 is whole");
	check("data: a\n\ndata: b", false, "|a;", "an unfinished event waits");
	check("data: a\n\ndata: b", true, "|a;|b;",
	    "an unfinished event counts at a good end");
	check("data: a\n\n", true, "|a;", "nothing is told twice at the end");
	test_bounds();
	return done();
}
