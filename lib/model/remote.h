/*
 * remote.h: what the protocols over HTTP share: addresses and keys, attempts
 * and their limits, streams.  A reply that began is never asked for again:
 * what is wrong with it from then on makes it bad.  Private to lib/model.
 */
#ifndef MODEL_REMOTE_H
#define MODEL_REMOTE_H

#include "model/blocks.h"
#include "base/http.h"
#include "model/reply.h"

/* A reply on its way in. */
struct incoming {
	struct model_reply *out;
	const struct model_options *options;
	struct call_list calls;
	struct block_list blocks;	/* anthropic only */
	bool stopped;		/* a reason to stop came: it is complete */
};

struct protocol {
	const char *name;
	const char *path;	/* below the base URL */
	/* One event of the stream: 0, 1 at the last, -1 when the reply became
	 * bad. */
	int (*event)(struct incoming *, struct slice data);
	/* A reply that came in one piece, JSON that has been checked. */
	void (*whole)(struct incoming *, struct slice body);
};

extern const struct protocol protocol_openai, protocol_anthropic;

struct remote {
	char *base;		/* without a slash at its end */
	bool custom;		/* not the provider's own address */
	struct {
		const char *name; /* of the variable */
		char *value;
	} keys[2];		/* NULL when not set */
	unsigned retries;
	int64_t stall;
	struct http *http;
};

/* Read the environment.  `variable` names the base URL's.  Status 78. */
int remote_open(struct remote *out, const char *variable, const char *base,
    const char *key1, const char *key2, struct err *);
void remote_close(struct remote *);

/* Send `body`, with these headers besides the usual ones, until there is a
 * reply. */
int remote_call(struct remote *, const struct protocol *,
    const char *const *headers, struct slice body,
    const struct model_options *, struct model_reply *out, struct err *);

/* Take one piece of a stream, or a whole body, as remote_call does. */
void incoming_free(struct incoming *);
void incoming_whole(struct incoming *, const struct protocol *, struct slice);
void incoming_finish(struct incoming *);
/* An "error" member makes the reply bad: true. */
bool incoming_error(struct incoming *, struct slice data);

/* The value of a variable; NULL when it is not set or empty. */
const char *environment(const char *name);

#endif
