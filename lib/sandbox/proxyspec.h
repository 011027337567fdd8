/*
 * proxyspec.h: a job for a call's proxy as bytes, on its way from the runner
 * to its own fork: of all grants those to the network, of all secrets those
 * that they name.
 */
#ifndef SANDBOX_PROXYSPEC_H
#define SANDBOX_PROXYSPEC_H

#include "sandbox/proxy.h"

/* Could this grant ever let the job's call out? */
bool proxyspec_opens(const struct proxy_job *, const struct grant *);

void proxyspec_write(const struct proxy_job *, struct buf *out);

/* As read: `job` points at what is beside it. */
struct proxyspec {
	struct proxy_job job;
	struct policy policy;
	struct secrets secrets;
	char *workspace, *tool;
};
int proxyspec_read(struct proxyspec *out, const char *data, size_t,
    struct err *);
void proxyspec_free(struct proxyspec *);

#endif
