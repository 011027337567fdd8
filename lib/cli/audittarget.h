/*
 * audittarget.h: the collector that spans go to: --endpoint and --header-env,
 * else the environment, as OpenTelemetry's exporters read it.
 */
#ifndef CLI_AUDITTARGET_H
#define CLI_AUDITTARGET_H

#include "audit/otlpsend.h"
#include "cli/auditverb.h"

#define TARGET_HEADERS 32

struct audit_target {
	struct otlp_target send;
	char *url;
	char *headers[TARGET_HEADERS + 2];	/* NULL at the end */
	size_t count;
};

/* Is one named?  Then it is ready, and what is wrong with it ends the
 * program. */
bool audittarget_open(const struct audit_args *, struct audit_target *out);
void audittarget_close(struct audit_target *);

#endif
