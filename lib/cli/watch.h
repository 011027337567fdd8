/*
 * watch.h: what agent-run prints while an agent runs: text for people (what
 * the model says on stdout, what it does on stderr), or JSON events.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "agent/run.h"

enum watch_mode { WATCH_TEXT, WATCH_QUIET, WATCH_JSON };

struct watch {
	enum watch_mode mode;
	int events;		/* descriptor for events; -1: none */
	const char *agent;	/* id */
	const struct state *state;
	bool colour;
	bool mid_line;		/* stdout stands in the middle of a line */
	bool said;		/* text came since the last reply began */
};

/* Set the callbacks in `options`. */
void watch_start(struct watch *, enum watch_mode, int events,
    const char *agent, const struct state *, struct run_options *options);
/* The last event of a run that could not begin; `agent` may be NULL. */
void watch_failed(enum watch_mode, int events, const char *agent,
    const struct err *);
/* The last words: the final answer, or what went wrong. */
void watch_end(struct watch *, const struct session *, const struct run_end *);

#endif
