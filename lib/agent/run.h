/*
 * run.h: drive one agent until it is done, must wait, or meets a limit.  The
 * only place where records and effects meet: what is recorded is durable
 * before its effect starts, and a result before anything acts on it.
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "agent/session.h"
#include "agent/turn.h"

/* Who watches; all may be NULL. */
struct run_watch {
	void (*record)(void *arg, const struct record *);	/* durable */
	void (*text)(void *arg, const char *, size_t);	/* as it comes */
	void (*retry)(void *arg, unsigned attempt, int64_t wait_ns,
	    const char *why);
	void *arg;
};

/* When a checkpoint is made, agent-ckpt(1). */
enum run_ckpt {
	RUN_CKPT_NONE,
	RUN_CKPT_TOOL,	/* a pre-image of the agent's own workspace before each
			   call that cannot be made again otherwise */
	RUN_CKPT_TURN,	/* a bundle after each turn whose tools could write */
	RUN_CKPT_EVERY,	/* the same, at most so often */
	RUN_CKPT_EXIT	/* a bundle when the run ends */
};

/* What becomes of a request to people. */
enum run_ask {
	RUN_ASK_DEFER,	/* the agent goes on with what else it can do */
	RUN_ASK_WAIT,	/* no model call is made until it is answered */
	RUN_ASK_DENY	/* none is made: the call is denied */
};

struct run_options {
	const char *model;		/* instead of the agent's; or NULL */
	const char *goal;		/* said first; or NULL */
	unsigned labels;		/* of the goal */
	const struct limits *limits;	/* new ones; or NULL */
	const char *prices, *temperature;
	int64_t max_tokens;		/* of each reply; 0: the default */
	int stop_fd;			/* readable: stop; -1: none */
	int (*stop_status)(int stop_fd); /* the exit status that this means */
	enum run_ckpt ckpt;
	int64_t ckpt_every;		/* RUN_CKPT_EVERY: nanoseconds */
	int64_t ckpt_keep;		/* bundles are thinned out, ckpt_thin;
					   0: they are not */
	enum run_ask ask;
	const char *notify;		/* program for each request; or NULL */
	int64_t ask_time;		/* for people to answer; 0: 7 days */
	struct run_watch watch;
};

/* How a run ended. */
struct run_end {
	enum agent_status state;
	int status;		/* exit status */
	char why[480];		/* "" when all is well */
};

/*
 * Drive the agent of a session opened to write.  `launcher` was started while
 * the program was small.  0 with how it ended, which is recorded and sealed;
 * -1 when that could not be (the journal failed: nothing more was done).
 */
int run_agent(struct session *, struct launcher *, const struct run_options *,
    struct run_end *, struct err *);

/*
 * Make one call under the agent's authority without a model, by a person
 * (`by`): recorded like any other, but no part of the conversation.  0 with
 * its result; a refusal is a result too (TOOL_DENIED, TOOL_PENDING).
 */
int run_call(struct session *, struct launcher *, const char *by,
    const char *tool, const char *arguments, int stop_fd,
    struct tool_result *out, struct err *);

/* All tools that the agent has. */
int run_tools(struct session *, struct launcher *, struct tool_table *out,
    struct err *);

#endif
