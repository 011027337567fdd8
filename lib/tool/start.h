/*
 * start.h: one process of a call, before there is a decision to keep to: also
 * used to ask an executable tool for its description.  For this folder only.
 */
#ifndef TOOL_START_H
#define TOOL_START_H

#include "sandbox/proxy.h"
#include "tool/tool.h"

struct call {
	const struct tool *tool;	/* its kind and limits */
	struct launcher *launcher;
	const struct view *view;
	const char *workspace;		/* or NULL: "/" */
	const char *quarantine;		/* or NULL */
	const char *const *argv;	/* or NULL: */
	sandbox_main *main;
	struct slice argument;
	int64_t timeout;
	const struct exposure *reads;	/* or NULL: nothing labelled */
	bool held, prepares;
	const struct proxy_job *net;	/* or NULL: it needs none */
	struct policy *meter;		/* see tool_context */
};

int call_start(const struct call *, struct tool_run *out, struct err *);
/* Read what a tool that prepares tells first; `prepared` says whether it
 * did. */
void run_read_header(struct tool_run *, int64_t deadline);
/* Close our ends and free what was kept. */
void run_release(struct tool_run *);

#endif
