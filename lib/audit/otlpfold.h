/*
 * otlpfold.h: a history on its way to becoming spans.  Private to otlpfold.c
 * and otlpcalls.c.
 */
#ifndef AUDIT_OTLPFOLD_H
#define AUDIT_OTLPFOLD_H

#include "audit/otlp.h"
#include "base/json.h"

/* A span whose end is not known yet. */
struct open_span {
	char *call; /* NULL: the place is free */
	struct otlp_span span;
};

struct folding {
	struct otlp *otlp;
	const char *agent; /* id */
	char trace[OTLPSPAN_TRACE];
	struct otlp_span whole, turn;
	bool in_turn;
	int64_t turns, last;
	char *model; /* spec */
	struct open_span *open;
	size_t count, cap;
	int64_t input, output, cached, cost;
};

/* "openai:gpt" is the model gpt of openai. */
void otlp_model(struct otlp_span *, const char *spec);
/* The span of a call that begins with this record; NULL when that is open
 * already: a call that is made again goes on with its first. */
struct otlp_span *otlp_open(struct folding *, const char *call,
    const struct record *, const char *what);
/* NULL: there is none. */
struct open_span *otlp_find(struct folding *, const char *call);
int otlp_close(struct folding *, struct open_span *, int64_t end,
    struct err *);
int otlp_close_turn(struct folding *, struct err *);

/* A record of one of the four types, with its body. */
int otlp_model_call(struct folding *, const struct record *,
    const struct json *, struct err *);
int otlp_model_reply(struct folding *, const struct record *,
    const struct json *, struct err *);
void otlp_tool_call(struct folding *, const struct record *,
    const struct json *);
int otlp_tool_result(struct folding *, const struct record *,
    const struct json *, struct err *);

#endif
