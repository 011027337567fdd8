/*
 * exposure.h: the labels of a call.  It has those of the context, since its
 * arguments come from there, and of all that its sandbox could newly read,
 * whether or not it does.  So that not every call reads everything that is
 * labelled, that is hidden from those that do not name it.
 *
 * Naming is a guess from text, and may be one: what is named counts as read,
 * what is not named cannot be.
 */
#ifndef TOOL_EXPOSURE_H
#define TOOL_EXPOSURE_H

#include "sandbox/proxy.h"
#include "tool/tool.h"

struct exposure {
	unsigned labels;
	unsigned net;		/* the same for what leaves by the network */
	char **hidden;		/* absolute paths */
	size_t hidden_count;
};

void exposure_find(const struct tool *, const struct json *arguments,
    const struct tool_context *, struct exposure *out);
void exposure_free(struct exposure *);
/* What its proxy is to know. */
struct proxy_job exposure_job(const struct exposure *, const struct tool *,
    const struct tool_context *);

#endif
