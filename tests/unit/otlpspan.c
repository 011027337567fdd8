/* Spans: ids that are functions of what they are about, and their JSON. */
#include "audit/otlpspan.h"

#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "tap.h"

#define AGENT "01M83P3ZRF7R4YAFY2Y4WETZZD"

static void
ids(void)
{
	char a[OTLPSPAN_ID], b[OTLPSPAN_ID], trace[OTLPSPAN_TRACE];

	otlpspan_id(AGENT, 7, "chat", a);
	otlpspan_id(AGENT, 7, "chat", b);
	ok(strcmp(a, b) == 0 && strlen(a) == 16,
	    "a span of the same record has the same id");
	otlpspan_id(AGENT, 8, "chat", b);
	ok(strcmp(a, b) != 0, "that of another record another one");
	otlpspan_id(AGENT, 7, "turn", b);
	ok(strcmp(a, b) != 0, "and so has another span of the same record");
	otlpspan_trace(AGENT, trace);
	ok(strlen(trace) == 32 && strspn(trace, "0123456789abcdef") == 32,
	    "a trace's id is 32 hex digits");
}

static const struct json *
value_of(const struct json *span, const char *key)
{
	const struct json *a = json_first(json_get(span, "attributes"));

	while (a != NULL && strcmp(json_get_string(a, "key"), key) != 0)
		a = json_next(a);
	return json_get(a, "value");
}

static void
attributes(void)
{
	static const char *const list[] = {"x", NULL, "y"};
	struct otlp_span s = {.kind = OTLPSPAN_CLIENT, .start = 5, .end = 3};
	struct buf out CLEANUP_BUF = {0};
	struct json *j CLEANUP_JSON = NULL;
	const struct json *v;
	struct err e;

	s.name = mem_strdup("chat \"m\"\n");
	otlpspan_id(AGENT, 1, "chat", s.id);
	otlpspan_text(&s, "text", "<\"\x01\xff>");
	otlpspan_text(&s, "absent", NULL);
	otlpspan_integer(&s, "most", INT64_MAX);
	otlpspan_bool(&s, "yes", true);
	otlpspan_texts(&s, "list", list, COUNT_OF(list));
	otlpspan_event(&s, 4, "event", 2, NULL);
	otlpspan_fail(&s, "first", "why");
	otlpspan_fail(&s, "second", NULL);
	otlpspan_write(&s, "0123", &out);
	ok(json_parse(buf_str(&out), out.len, &j, &e) == 0,
	    "a span is JSON, whatever texts it has");
	ok(strcmp(json_get_string(value_of(j, "most"), "intValue"),
	       "9223372036854775807") == 0,
	    "an integer is a decimal string, exact up to its last digit");
	ok(value_of(j, "absent") == NULL, "what is absent is left out");
	v = json_get(json_get(value_of(j, "list"), "arrayValue"), "values");
	ok(json_count(v) == 2, "so is an absent text of a list");
	ok(strcmp(json_get_string(j, "startTimeUnixNano"), "5") == 0 &&
		strcmp(json_get_string(j, "endTimeUnixNano"), "5") == 0,
	    "no span ends before it begins");
	ok(json_get(j, "parentSpanId") == NULL, "a root has no parent");
	ok(json_get_integer(json_get(j, "status"), "code", 0) == 2 &&
		strcmp(
		    json_get_string(value_of(j, "error.type"), "stringValue"),
		    "first") == 0,
	    "what failed first is its error");
	ok(json_count(json_get(j, "events")) == 1, "it has its event");
	otlpspan_free(&s);
}

int
main(void)
{
	ids();
	attributes();
	return done();
}
