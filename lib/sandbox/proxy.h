/*
 * proxy.h: the way out of a sandbox's network, for what net grants allow.
 *
 * A process that is forked while the runner is small, and is neither its
 * memory's nor its secrets' heir, forks one proxy for each call.  That gets
 * the listener in the call's network, the net grants, and the secrets that
 * these name; it is single-threaded, serves HTTP (absolute URLs and CONNECT)
 * and SOCKS 5 on the one port, and ends with the call or the runner.
 */
#ifndef SANDBOX_PROXY_H
#define SANDBOX_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "grant/grant.h"
#include "sandbox/sandbox.h"

struct proxy;

/* What a call's proxy is to know. */
struct proxy_job {
	const struct policy *policy;
	const char *workspace;		/* absolute, or NULL */
	const char *tool;		/* whose sandbox, for `via`; or NULL */
	int64_t now;			/* effective time */
	unsigned labels;		/* of what the call can read */
	const struct secrets *secrets;	/* the launcher's, or NULL */
};

/* Is there anything that the network could be wanted for?  Then a call gets
 * one, with its proxy; asks count as denials. */
bool proxy_wanted(const struct proxy_job *);
/* A grant names a secret that is not registered: status 78. */
int proxy_check(const struct proxy_job *, struct err *);

/* For the launcher, whose it is. */
int proxy_start(struct proxy **out, struct err *);
void proxy_stop(struct proxy *);

/*
 * Before a call is spawned: does it get a network?  Then `net` and `bundle` are
 * set, and `*env` (else NULL) is what makes programs use the proxy, NULL at the
 * end.  There is none without a proxy, without grants to the network, or where
 * there are no namespaces.
 */
int proxy_prepare(const struct launcher *, const struct proxy_job *,
    struct spawn *, const char *const **env, struct err *);
/* Once it is there: serve it, if it got one; its listener is closed.  `*fd`
 * (else -1) stands for its proxy: closing it ends it. */
int proxy_serve(const struct launcher *, const struct proxy_job *,
    struct child *, int *fd, struct err *);
/* End it, and get what it decided, a JSON array (netlog.h); "" when it was
 * lost.  The finite net grants of `meter` (or NULL: the job's policy, if it is
 * to be changed) keep what is left of them; nothing when it was lost.  Closes
 * `*fd`. */
void proxy_finish(int *fd, struct policy *meter, struct buf *out);

#endif
