#include "tap.h"

#include <string.h>

#include "model/remote.h"

static struct model_reply reply;
static struct model_options options;

/* Events of a stream, NULL at the end; then the reply is finished. */
static void
stream(const struct protocol *p, const char *const *events)
{
	struct incoming in CLEANUP(incoming_free) = {
	    &reply, &options, {0}, {0}, false};

	model_reply_free(&reply);
	for (; *events != NULL; events++)
		if (p->event(&in, (struct slice){*events, strlen(*events)}) !=
		    0)
			break;
	incoming_finish(&in);
}

static void
whole(const struct protocol *p, const char *body)
{
	struct incoming in CLEANUP(incoming_free) = {
	    &reply, &options, {0}, {0}, false};

	model_reply_free(&reply);
	incoming_whole(&in, p, (struct slice){body, strlen(body)});
	incoming_finish(&in);
}

#define OPENAI(...) \
	stream(&protocol_openai, (const char *const[]){__VA_ARGS__, NULL})
#define CLAUDE(...) \
	stream(&protocol_anthropic, (const char *const[]){__VA_ARGS__, NULL})
#define DELTA(d)  "{\"choices\":[{\"delta\":{" d "}}]}"
#define CALLS(c)  DELTA("\"tool_calls\":[" c "]")
#define FINISH(w) "{\"choices\":[{\"delta\":{},\"finish_reason\":\"" w "\"}]}"

static bool
has(const char *word)
{
	return strstr(buf_str(&reply.calls), word) != NULL;
}

static void
test_odd_calls(void)
{
	OPENAI(CALLS("{\"id\":\"a\",\"function\":{\"name\":\"f\","
		     "\"arguments\":\"{}\"}}"),
	    CALLS("{\"id\":\"b\",\"function\":{\"name\":\"g\","
		  "\"arguments\":\"{\"}}"),
	    CALLS("{\"function\":{\"arguments\":\"}\"}}"), FINISH("stop"));
	ok(has("\"a\"") && has("\"b\"") && has("\"f\",\"arguments\":\"{}\"") &&
		has("\"g\",\"arguments\":\"{}\""),
	    "calls without an index");
	OPENAI(
	    CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\"}}"),
	    CALLS("{\"index\":0,\"id\":\"b\",\"function\":{\"name\":\"g\"}}"),
	    FINISH("tool_calls"));
	ok(has("\"f\"") && has("\"g\""),
	    "calls that share an index are told apart by their ids");
	OPENAI(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
		     "\"arguments\":{\"x\":[1]}}}"),
	    FINISH("tool_calls"));
	ok(has("\"{\\\"x\\\":[1]}\""), "arguments may come as an object");
	OPENAI(
	    CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\"}}"),
	    CALLS("{\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"f\"}}"),
	    FINISH("tool_calls"));
	ok(strstr(strstr(buf_str(&reply.calls), "\"id\":\"a\"") + 1,
	       "\"id\":\"a\"") == NULL,
	    "no two calls have the same id");
	OPENAI(CALLS("{\"index\":0,\"function\":{\"name\":\"f\"}}"),
	    FINISH("stop"));
	ok(has("\"id\":\"call_"), "and none has none");
	OPENAI(CALLS("{\"index\":0,\"function\":{\"arguments\":\"{}\"}}"),
	    FINISH("stop"));
	ok(strstr(reply.bad, "no name") != NULL && reply.calls.len == 0,
	    "a call without a name makes the reply bad");
	OPENAI(CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
		     "\"arguments\":\"{\\\"x\"}}"),
	    FINISH("length"));
	ok(reply.stop == MODEL_STOP_LENGTH && has("{\\\"x\""),
	    "a call that was cut is kept, with its reason");
}

static void
test_many_calls(void)
{
	struct incoming in CLEANUP(incoming_free) = {
	    &reply, &options, {0}, {0}, false};
	struct buf b CLEANUP_BUF = {0};
	int i, rc = 0;

	model_reply_free(&reply);
	for (i = 0; i < 300 && rc == 0; i++) {
		buf_clear(&b);
		buf_printf(&b, CALLS("{\"index\":%d,\"id\":\"%d\"}"), i, i);
		rc = protocol_openai.event(&in, (struct slice){b.data, b.len});
	}
	ok(rc == -1 && i == 129, "a runaway model is stopped at 128 calls");
}

static void
test_text(void)
{
	OPENAI(DELTA("\"content\":null,\"refusal\":\"I will not\""),
	    FINISH("stop"));
	ok(reply.stop == MODEL_STOP_REFUSAL && reply.bad[0] == '\0' &&
		strcmp(buf_str(&reply.text), "I will not") == 0,
	    "a refusal is a reply");
	OPENAI(FINISH("content_filter"));
	ok(reply.stop == MODEL_STOP_REFUSAL && reply.bad[0] == '\0',
	    "even without a word");
	OPENAI(DELTA("\"content\":[{\"type\":\"text\",\"text\":\"part\"}]"),
	    FINISH("stop"));
	ok(strcmp(buf_str(&reply.text), "part") == 0, "text may be in parts");
	OPENAI(FINISH("length"));
	ok(strstr(reply.bad, "limit on its length") != NULL,
	    "nothing but the length limit is a bad reply");
	OPENAI(DELTA("\"content\":\"x\""), FINISH("stop"),
	    "{\"choices\":[],\"usage\":{\"prompt_tokens\":-5,"
	    "\"completion_tokens\":2,\"prompt_tokens_details\":"
	    "{\"cached_tokens\":9}}}",
	    "[DONE]", "{never read");
	ok(reply.usage.input == 0 && reply.usage.cached == 0 &&
		reply.usage.output == 2 && reply.bad[0] == '\0',
	    "counts that cannot be are not believed");
	whole(&protocol_openai, "[]");
	ok(reply.bad[0] != '\0', "an array is a bad reply");
	whole(&protocol_openai,
	    "{\"choices\":[{\"message\":{\"content\":\"a\","
	    "\"tool_calls\":[{\"id\":\"i\",\"function\":{\"name\":\"f\","
	    "\"arguments\":\"\"}}]},\"finish_reason\":\"length\"}]}");
	ok(reply.bad[0] == '\0' && has("\"arguments\":\"{}\""),
	    "no arguments at all are {}");
}

static void
test_claude(void)
{
	CLAUDE("{\"type\":\"content_block_start\",\"index\":0,"
	       "\"content_block\":{\"type\":\"thinking\",\"thinking\":\"hm\"}}",
	    "{\"type\":\"content_block_start\",\"index\":1,"
	    "\"content_block\":{\"type\":\"text\",\"text\":\"x\"}}",
	    "{\"type\":\"content_block_delta\",\"index\":7,"
	    "\"delta\":{\"text\":\"lost\"}}",
	    "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
	    "\"max_tokens\"},\"usage\":{\"output_tokens\":3}}",
	    "{\"type\":\"message_stop\"}");
	ok(reply.bad[0] == '\0' && reply.provider.len == 0,
	    "thinking without a signature is not kept");
	ok(strcmp(buf_str(&reply.text), "x") == 0,
	    "a delta for no block is passed over");
	ok(reply.stop == MODEL_STOP_LENGTH && reply.usage.output == 3,
	    "reason and usage are taken");
	CLAUDE("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
	       "\"pause_turn\"}}");
	ok(reply.bad[0] != '\0', "a reply without content is bad");
	CLAUDE("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
	       "\"refusal\"}}");
	ok(reply.bad[0] == '\0' && reply.stop == MODEL_STOP_REFUSAL,
	    "but a refusal needs none");
	whole(&protocol_anthropic,
	    "{\"content\":[{\"type\":\"thinking\","
	    "\"thinking\":\"t\",\"signature\":\"s\"},{\"type\":\"tool_use\","
	    "\"id\":\"i\",\"name\":\"f\",\"input\":{}}],"
	    "\"stop_reason\":\"tool_use\"}");
	ok(strcmp(buf_str(&reply.provider),
	       "{\"anthropic\":[{\"type\":"
	       "\"thinking\",\"thinking\":\"t\",\"signature\":\"s\"},{\"type\":"
	       "\"tool_use\",\"id\":\"i\",\"name\":\"f\",\"input\":{}}]}") == 0,
	    "a whole message keeps its signed thinking");
}

static void
test_bounds(void)
{
	struct buf json CLEANUP_BUF = {0};
	char big[400];
	size_t i;

	model_reply_free(&reply);
	for (i = 0; i + 2 < sizeof(big); i += 2)
		memcpy(big + i, "\xc3\xbc", 2);
	big[i] = '\0';
	reply_bad(&reply, "%s", big);
	reply_bad(&reply, "second");
	ok(strlen(reply.bad) == 254 && strncmp(reply.bad, big, 254) == 0,
	    "a reason is cut between characters, and the first stays");
	model_reply_json(&reply, &json);
	ok(strstr(buf_str(&json), "\"bad\":\"") != NULL,
	    "the internal form tells a bad reply");
	model_reply_free(&reply);
}

int
main(void)
{
	model_options_init(&options);
	model_reply_init(&reply);
	test_odd_calls();
	test_many_calls();
	test_text();
	test_claude();
	test_bounds();
	return done();
}
