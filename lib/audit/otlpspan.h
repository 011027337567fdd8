/*
 * otlpspan.h: one span of OTLP/JSON (OpenTelemetry protocol 1.x, JSON encoding of
 * ExportTraceServiceRequest): ids in hex, 64-bit integers as decimal strings,
 * enumerations as numbers.
 *
 * Ids are functions of what a span is about, so the same history makes the
 * same trace, whoever exports it and however often.
 */
#ifndef AUDIT_OTLPSPAN_H
#define AUDIT_OTLPSPAN_H

#include "base/jsonw.h"
#include "base/rand.h"

#define OTLPSPAN_TRACE 33	/* bytes of a trace's id with its NUL */
#define OTLPSPAN_ID	   17	/* of a span's */

enum otlpspan_kind { OTLPSPAN_INTERNAL = 1, OTLPSPAN_CLIENT = 3 };

struct otlp_span {
	char id[OTLPSPAN_ID], parent[OTLPSPAN_ID];	/* parent "": none */
	char *name;		/* owned */
	enum otlpspan_kind kind;
	int64_t start, end;	/* real, nanoseconds */
	struct buf attributes, events;	/* elements of JSON arrays */
	bool failed;
	char *message;		/* of the failure; or NULL */
};

/* The family's trace, by its oldest ancestor; a span of an agent, by the
 * record that it begins with (0: of the agent itself) and a word. */
void otlpspan_trace(const char *root, char out[OTLPSPAN_TRACE]);
void otlpspan_id(const char *agent, int64_t seq, const char *what,
    char out[OTLPSPAN_ID]);

void otlpspan_free(struct otlp_span *);
/* Attributes; a NULL text is left out. */
void otlpspan_text(struct otlp_span *, const char *key, const char *value);
void otlpspan_integer(struct otlp_span *, const char *key, int64_t value);
void otlpspan_bool(struct otlp_span *, const char *key, bool value);
/* Those texts of a list that are no NULL. */
void otlpspan_texts(struct otlp_span *, const char *key, const char *const *values,
    size_t count);
void otlpspan_digest(struct otlp_span *, const char *key, const struct digest *);
/* What went wrong: `type` is error.type, `message` may be NULL. */
void otlpspan_fail(struct otlp_span *, const char *type, const char *message);
/* Something that happened in it, with the number of its record. */
void otlpspan_event(struct otlp_span *, int64_t time, const char *name, int64_t seq,
    const char *detail);

/* Append the span as an object. */
void otlpspan_write(const struct otlp_span *, const char *trace, struct buf *out);

#endif
