/*
 * model.h: one model call.  Inside there is one form of request and reply,
 * the shape of Chat Completions; each provider turns the one into its own
 * wire form and back.
 *
 *   request: {"model","messages":[{"role","content","tool_calls",
 *             "tool_call_id"}],"tools":[{"type":"function","function":{…}}]}
 *   reply:   {"message":{"role":"assistant","content","tool_calls":[…]},
 *             "stop_reason","usage":{"input_tokens","output_tokens",
 *             "cached_tokens"}}
 *
 * `content` is a string, or for images an array of {"type":"text","text"} and
 * {"type":"image_url","image_url":{"url":"data:image/png;base64,…"}}.  An
 * assistant message may hold "provider": an opaque value that the provider
 * which made it wants back verbatim (thinking signatures).
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct model;	/* a provider and a model's name, opened */

struct model_usage {
	int64_t input, output;	/* tokens; input counts cached ones too */
	int64_t cached;		/* of the input, read from a cache */
	int64_t cost;		/* millionths of the price file's currency */
};

/* Why the model stopped. */
enum model_stop {
	MODEL_STOP_END,
	MODEL_STOP_CALLS,
	MODEL_STOP_LENGTH,
	MODEL_STOP_REFUSAL,
	MODEL_STOP_OTHER
};

struct model_reply {
	struct buf text;	/* what it said, UTF-8 */
	struct buf calls;	/* JSON array of {"id","type":"function",
				   "function":{"name","arguments":"TEXT"}};
				   "" when it makes none.  Arguments as the
				   model wrote them, not parsed */
	struct buf provider;	/* JSON to hand back verbatim, or "" */
	enum model_stop stop;
	struct model_usage usage;
	unsigned attempts;	/* requests sent, at least 1 */
	/*
	 * A reply that came but cannot be used (cut stream, bad JSON): the
	 * call returns 0 and `bad` says why in a sentence for the model; ""
	 * for a good one.
	 */
	char bad[256];
};

void model_reply_init(struct model_reply *);
void model_reply_free(struct model_reply *);
const char *model_stop_name(enum model_stop);	/* end calls length … */
/* The reply in the internal form, one line of JSON without the newline. */
void model_reply_json(const struct model_reply *, struct buf *out);

/* What a caller may set; NULL and 0 are the defaults. */
struct model_options {
	int64_t deadline;	/* clock_mono; CLOCK_NEVER */
	int64_t max_tokens;	/* of output; 0: the provider's default */
	const char *prices;	/* price file; default $AGENT_PRICES */
	const char *temperature; /* JSON number text; NULL: not sent */
	const char *api_version, *auth;	/* anthropic; NULL: default */
	int stop_fd;		/* readable: give up at once (status 75);
				   -1: none */
	/* Called with each piece of text as it comes; may be NULL. */
	void (*on_text)(void *arg, const char *, size_t);
	/* Called before each new attempt, for people and events. */
	void (*on_retry)(void *arg, unsigned attempt, int64_t wait_ns,
	    const char *why);
	void *arg;
};

/*
 * Open "script:FILE", "exec:PROGRAM", "openai:NAME", "anthropic:NAME" or
 * "replay:JOURNAL".  Status 64 unknown form, 66 no such file, 78 no key or a
 * bad base URL.  Nothing is sent.  libcurl is loaded at the first call.
 */
int model_open(const char *spec, struct model **out, struct err *);
void model_close(struct model *);
/* The spec's part after the colon, as sent to the provider. */
const char *model_name(const struct model *);

/*
 * Send one request (internal form, complete JSON text) and read the reply.
 * 0 with a reply (also a bad one); -1: status 69 the provider cannot be had
 * (after the retries), 78 it refuses our key or model, 65 it says that the
 * request is bad, 75 stopped by stop_fd, 124 the deadline passed, 66 a script
 * or journal is at its end.
 */
int model_call(struct model *, struct slice request,
    const struct model_options *, struct model_reply *out, struct err *);

/* Secrets that this provider uses (keys): for the scrubber.  Returns the i-th
 * value or NULL. */
const char *model_secret(const struct model *, size_t i);

#endif
