/*
 * runner.h: what the parts of the runner share: run.c (the loop), ask.c (model
 * calls), calls.c (tool calls), callrecord.c (their records), asking.c (requests
 * to people), recover.c.
 */
#ifndef AGENT_RUNNER_H
#define AGENT_RUNNER_H

#include <sys/types.h>

#include "agent/nudge.h"
#include "agent/run.h"
#include "base/jsonw.h"
#include "model/command.h"

/* A program that tells somebody of a request, --notify. */
struct notifying {
	char *request;		/* its id; NULL: none runs */
	struct command_child program;
	int pidfd;
	int64_t deadline;	/* clock_mono */
};

struct runner {
	struct session *s;
	struct launcher *launcher;
	const struct run_options *opt;
	struct tool_table tools;
	struct buf tools_json;
	struct digest tools_digest;
	bool tools_stored;	/* the blob is there */
	struct model *model;
	int64_t deadline;	/* clock_mono; of the time limit */
	bool disk;		/* the workspace's writes count as written */
	struct account lost;	/* by calls of this run without a result */
	bool stopped;		/* stop_fd is readable */
	bool dirty;		/* a tool could write since the last bundle */
	int64_t saved;		/* when that was, clock_mono; 0: never */
	int64_t bundles;	/* made since they were thinned out */
	struct digest withheld;	/* paths that were said to be left out */
	const char *by;		/* a person's call (run_call); else NULL */
	struct nudge nudge;	/* model calls are given up for it */
	int letters;		/* taken at the last look */
	int mail;		/* inotify of the mailbox; -1: not yet */
	struct notifying notify;
};

/* Grants by their ids: they may move while a call runs. */
struct grant_ids {
	char **id;
	size_t count, cap;
};

/* One tool call of a batch. */
struct plan {
	struct call *call;		/* in the state; until it is folded on */
	const struct tool *tool;	/* NULL: unknown */
	struct json *arguments;		/* NULL: not to be used */
	struct decision decision;
	struct grant_ids uses;		/* that it rests on, and has one of */
	char *approval;			/* the request that was approved */
	struct policy approved;		/* the policy with that word, or with
					   finite grants to take from */
	struct grant_ids reserved;	/* these */
	bool unstarted;			/* certainly nothing took effect */
	int64_t seq;			/* of its tool.call */
	struct tool_peer peer;		/* whom it names */
	bool recorded;			/* its tool.call was there before */
	bool unusable;			/* the model made a mistake */
	char why[512];			/* of a refusal, for the model */
	struct tool_run run;
	bool started;
	struct tool_result result;
	bool settled;			/* `result` holds how it ended */
	bool waits;			/* nothing is done: it is recorded for
					   what it waits */
	int64_t took;			/* the record of the event that ended
					   the wait; 0: none */
};

/* run.c */
int runner_stage(struct runner *, enum record_type, const struct buf *body,
    struct err *);
/* Is stop_fd readable?  Remembered in `stopped`. */
bool runner_stop_asked(struct runner *);
void run_end_set(struct run_end *, enum agent_status, int status,
    const char *why);

/* ask.c: record a model call, send it, record the reply.  1 the run ends (in
 * `end`), 0 go on, -1. */
int ask_model(struct runner *, unsigned attempt, struct run_end *end,
    struct err *);

/* callgrants.c: what a call takes of finite grants. */
void callgrants_note(struct runner *, struct plan *);
bool callgrants_has(const struct grant_ids *, const char *id);
void callgrants_free(struct plan *);
/* Does a call of this tool have to be alone to take from them? */
bool callgrants_alone(const struct runner *, const struct tool *);
/* Members of the decision and of the result. */
void callgrants_reserved(struct jsonw *, const struct plan *);
void callgrants_unused(struct jsonw *, const struct plan *);

/* callrecord.c */
int callrecord_call(struct runner *, const struct plan *, struct err *);
int callrecord_result(struct runner *, const struct call *,
    const struct plan *, const struct tool_result *, struct err *);
/* The call's result, made by us. */
void plan_settle(struct plan *, enum tool_status, const char *text);

/* asking.c: a call that needs a person's word: a request, and a result that
 * says so.  Both settle the plan. */
int asking_call(struct runner *, struct plan *, struct err *);
/* The same for a tool that asks by itself, ask_human or request_grant. */
bool asking_is(const struct tool *);
int asking_tool(struct runner *, struct plan *, struct err *);
/* What the model is told of a request; the caller frees it. */
char *asking_pending(const char *request);

/* waiting.c: a tool that waits without a process: records its wait, or settles
 * the plan. */
bool waiting_is(const struct tool *);
int waiting_tool(struct runner *, struct plan *, struct err *);
/* Stage the results of waits that are over. */
int waiting_step(struct runner *, struct err *);
/* Nanoseconds until one is over, when it is worth to stay for that; else
 * CLOCK_NEVER. */
int64_t waiting_left(struct runner *);

/* notify.c: start the next program, or see whether one has ended. */
int notify_step(struct runner *, struct err *);
/* Is one running, or to be run? */
bool notify_busy(const struct runner *);
/* End it; its request is then told of again by the next run. */
void notify_stop(struct runner *);
/* Is there such a program?  Status 66. */
int notify_check(const char *line, struct err *);

/* pause.c: wait for mail, a timer, for that program or a signal, at most a
 * second.  1 the run ends (in `end`): its time is over. */
int runner_pause(struct runner *, struct run_end *end, struct err *);

/* calls.c: make the calls [from, to), recorded already or not. */
int calls_make(struct runner *, size_t from, size_t to, struct err *);
/* Make one call that is not in the state. */
int calls_make_one(struct runner *, struct call *, struct tool_result *out,
    struct err *);
/* Does this call have to be made alone? */
bool calls_alone(const void *runner, const struct call *);
/* Stage a result; `text` is cut to what a record takes. */
int calls_result(struct runner *, const struct call *, enum tool_status,
    int exit, const char *text, size_t len, struct err *);

/* recover.c: settle a call that a dead run left open. */
int recover_call(struct runner *, size_t index, struct err *);
/* Keep the workspace as it is before this call. */
int recover_preimage(struct runner *, const struct call *, struct err *);

#endif
