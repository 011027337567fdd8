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
 * which made it wants back verbatim (thinking signatures); others drop it.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"

/* The version of what model_wire makes of a request: it changes whenever the
 * same request would give other bytes. */
enum { MODEL_FORM = 1 };

struct model;	/* a provider and a model's name, opened */

struct model_usage {
	int64_t input, output;	/* tokens; input counts cached ones too */
	int64_t cached;		/* of the input, read from a cache */
	int64_t cost;		/* millionths of the price file's currency,
				   rounded up */
};

/* Why the model stopped. */
enum model_stop {
	MODEL_STOP_END,
	MODEL_STOP_CALLS,
	MODEL_STOP_LENGTH,	/* calls may be there: the last is then cut */
	MODEL_STOP_REFUSAL,	/* the text may be empty */
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
	 * A reply that came but cannot be used (cut stream, bad JSON, nothing
	 * in it): the call returns 0 and `bad` says why in a sentence for the
	 * model; "" for a good one.  The text that came is kept, calls are
	 * not.
	 */
	char bad[256];
};

void model_reply_init(struct model_reply *);
void model_reply_free(struct model_reply *);
const char *model_stop_name(enum model_stop);	/* end calls length … */
/* The reply in the internal form, one line of JSON without the newline. */
void model_reply_json(const struct model_reply *, struct buf *out);

/* What a caller may set; start with model_options_init. */
struct model_options {
	int64_t deadline;	/* clock_mono; CLOCK_NEVER */
	int64_t max_tokens;	/* of output; 0: the provider's default */
	int64_t turn;		/* replies before this one, bad ones too;
				   -1: the request's assistant messages are
				   counted, which bad ones do not become */
	const char *prices;	/* price file; NULL: $AGENT_PRICES */
	const char *temperature; /* JSON number text; NULL: not sent */
	/* anthropic; NULL: $ANTHROPIC_VERSION, $ANTHROPIC_AUTH, the default */
	const char *api_version, *auth;
	const struct secrets *secrets; /* taken out of what servers say of
				   errors, before that is cut, and of the
				   environment of exec:PROGRAM; or NULL */
	int stop_fd;		/* readable: give up at once (status 75);
				   -1: none */
	/* Called with each piece of text as it comes; may be NULL. */
	void (*on_text)(void *arg, const char *, size_t);
	/* Called before each new attempt, for people and events. */
	void (*on_retry)(void *arg, unsigned attempt, int64_t wait_ns,
	    const char *why);
	void *arg;
};

/* The defaults: no deadline, nothing set. */
void model_options_init(struct model_options *);

/*
 * Open "script:FILE", "exec:PROGRAM", "openai:NAME", "anthropic:NAME" or
 * "replay:JOURNAL".  Status 64 unknown form, 66 no such file, 78 no key or a
 * bad base URL.  Nothing is sent.  libcurl is loaded at the first call.
 *
 * script:FILE  JSON lines, one turn a line:
 *              {"content":"…","tool_calls":[{"name","arguments":{…}}]}, and
 *              "usage":{"input_tokens","output_tokens","cached_tokens"},
 *              "stop_reason", "delay":"250ms", "bad":"why" (a bad reply),
 *              "error":{"status","message"} (the call fails), "comment".
 *              `arguments` may be a string: passed on as it is.  The line is
 *              chosen by the number of turns before it (options->turn), so a
 *              run can be gone on with.  Calls get the ids "call_TURN_N",
 *              counted from 1.
 * exec:PROGRAM ARGS…  split at spaces, looked up in PATH; started for each
 *              call with the request and a newline on stdin; the reply, in
 *              the internal form, is what it prints.
 * replay:FILE  the replies of a journal.jsonl, in order, chosen as in a
 *              script; bad ones come again as bad ones, unless turns are
 *              counted by messages.  The journal's chain is checked.
 */
int model_open(const char *spec, struct model **out, struct err *);
void model_close(struct model *);
/* The spec's part after the colon, as sent to the provider. */
const char *model_name(const struct model *);

/*
 * Send one request (internal form, complete JSON text) and read the reply.
 * 0 with a reply (also a bad one); -1: status 69 the provider cannot be had
 * (after the retries) or refuses the request (with its message), 78 it refuses
 * our key or model, 65 the request (or script, or journal) is not of its
 * form, 75 stopped by stop_fd, 124 the deadline passed, 66 a script or
 * journal is at its end.  script: and replay: read of the request only the
 * number of turns: with options->turn set it may be empty.
 */
int model_call(struct model *, struct slice request,
    const struct model_options *, struct model_reply *out, struct err *);

/*
 * The exact bytes that model_call would send: a function of the request, the
 * options, the model's name and $OPENAI_BASE_URL (the name of the field for
 * max_tokens) alone.  For script:, exec: and replay: the request itself.
 * Arguments in the history that are not a JSON object are sent as {}, since
 * servers answer 400 or 500 to them; names of tools are brought to the form
 * that providers accept.  Status 65.
 */
int model_wire(const struct model *, struct slice request,
    const struct model_options *, struct buf *out, struct err *);

/* The i-th variable that a provider takes a key from, or NULL. */
const char *model_key_variable(size_t i);

#endif
