/*
 * provider.h: what model.c asks of each provider.  Private to lib/model.
 */
#ifndef MODEL_PROVIDER_H
#define MODEL_PROVIDER_H

#include "model/model.h"

struct provider {
	const char *prefix; /* "script" */
	/* Sets `state`, which close frees. */
	int (*open)(const char *name, void **state, struct err *);
	void (*close)(void *state);
	/* NULL: the request itself is what is sent. */
	int (*wire)(const void *state, const char *name, struct slice request,
	    const struct model_options *, struct buf *out, struct err *);
	/* `out` is empty and has attempts 1. */
	int (*call)(void *state, const char *name, struct slice request,
	    const struct model_options *, struct model_reply *out,
	    struct err *);
};

extern const struct provider provider_script, provider_exec, provider_replay,
    provider_openai, provider_anthropic;

/* Which turn is asked for: the hint, or the assistant messages counted.  -1:
 * the request is not of the internal form. */
int64_t request_turn(struct slice request, const struct model_options *,
    struct err *);

/* Sleep for `ns`: 0, or -1 with status 75 (stop_fd) or 124 (deadline). */
int model_sleep(int64_t ns, const struct model_options *, struct err *);
int model_stopped(struct err *);	/* status 75 */
int model_too_late(struct err *);	/* status 124 */

#endif
