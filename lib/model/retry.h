/*
 * retry.h: is a failed request worth another, and after how long?  Pure.  The
 * rules are those of the providers' own clients (openai 6.49,
 * @anthropic-ai/sdk 1.12): x-should-retry wins, then the status; but also the
 * error's code, since a spent quota is a 429 and a request that a server
 * cannot parse may be a 500.  Waits that a server names are kept to, up to
 * RETRY_WAIT_MAX.  Private to lib/model.
 */
#ifndef MODEL_RETRY_H
#define MODEL_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"

#define RETRY_WAIT_MAX (60 * CLOCK_SECOND)

/* What an error's body says, in either protocol's form; "" when it does not. */
struct retry_error {
	char type[64], code[64];
	char message[320];
};

/* Read an error's body (any bytes). */
void retry_error_read(struct slice body, struct retry_error *out);

struct retry_facts {
	long status;		/* 0: no reply, or it broke before its body */
	const char *after, *after_ms, *should_retry; /* headers; "" if none */
	const struct retry_error *error;
	unsigned attempts;	/* made so far, at least 1 */
	unsigned retries;	/* how many more than one may be made */
	int64_t now;		/* clock_real, for HTTP dates */
	uint32_t random;	/* any number, for the jitter */
};

/* Send again?  Then after `*wait` nanoseconds. */
bool retry_wanted(const struct retry_facts *, int64_t *wait);

/* Is this error the model's own output, which its server cannot use?  Such a
 * reply is bad, not missing. */
bool retry_is_bad_reply(long status, const struct retry_error *);

#endif
