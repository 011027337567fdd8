/*
 * otlp.h: a history as a trace, by OpenTelemetry's conventions for generative
 * AI (v1.41.1): a span an agent (invoke_agent), in it one for each turn, in
 * these one for each model call (chat) and each tool call (execute_tool).
 * A family is one trace.  What these conventions have no word for is named
 * agentutils.*: numbers and digests of records, grants behind decisions.
 *
 * What was said is left out unless asked for: traces go to other people.
 */
#ifndef AUDIT_OTLP_H
#define AUDIT_OTLP_H

#include "audit/source.h"
#include "audit/otlpspan.h"

/* Spans, and bytes of them, that one request holds. */
#define OTLP_SPANS ((size_t)512)
#define OTLP_BYTES ((size_t)2 << 20)

struct otlp {
	bool content;		/* texts, arguments and results, too */
	const char *service;	/* service.name */
	/* Gets each ExportTraceServiceRequest, as JSON. */
	int (*request)(void *arg, struct slice, struct err *);
	void *arg;
	struct buf spans;	/* of the next one */
	size_t count;
	int64_t total;		/* spans, in all requests */
};

/*
 * The spans of a history.  `root` is the id of the family's oldest agent,
 * `parent` of the agent's parent or NULL.  Records that a fork has from its
 * ancestors are theirs and are passed over.
 */
int otlp_agent(struct otlp *, struct source *, const char *root,
    const char *parent, struct err *);
/* Hand out what is left. */
int otlp_end(struct otlp *, struct err *);
void otlp_free(struct otlp *);

/* One span, which is done with then. */
int otlp_put(struct otlp *, struct otlp_span *, const char *trace, struct err *);

#endif
