/*
 * process.h: the processes of one call: their descriptors, limits, environment
 * and network, and what a tool that prepares tells first.  It decides nothing,
 * so it also asks an executable tool for its description.  For this folder
 * only.
 */
#ifndef TOOL_PROCESS_H
#define TOOL_PROCESS_H

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
