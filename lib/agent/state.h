/*
 * state.h: what an agent is at one point of its history: a fold over its
 * records.  Pure: no I/O, no clock, nothing allocated but the state's own.
 *
 * Invariant: the same records give the same state, whoever folds them, so
 * that a replay can prove what a run did.
 */
#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include "agent/info.h"
#include "agent/mailstate.h"
#include "grant/grant.h"
#include "journal/record.h"
#include "model/model.h"
#include "tool/tool.h"

enum agent_status {
	AGENT_READY,
	AGENT_RUNNING,
	AGENT_WAITING,
	AGENT_PAUSED,
	AGENT_DONE,
	AGENT_FAILED,
	AGENT_KILLED
};

/* What a person's signal says of running it, halt.h. */
enum halt { HALT_NONE, HALT_PAUSE, HALT_STOP, HALT_KILL };
int halt_parse(const char *signal, enum halt *out);

enum call_phase {
	CALL_WANTED,	/* in the reply; no tool.call yet */
	CALL_OPEN,	/* tool.call is recorded, its result is not */
	CALL_WAITS,	/* open, and nothing is done meanwhile: see its wait */
	CALL_CLOSED
};

/* An agent that is waited for. */
struct wait_agent {
	char *id;
	bool ended;		/* it told its parent so, with these: */
	enum agent_status state;
	char *said;		/* as much of it as there is room for */
};

/* What an open call waits for without a process: any of what is set. */
struct wait {
	struct wait_agent *agents;	/* until they end */
	size_t agent_count, agent_cap;
	bool all;		/* until all of them have, not one */
	bool mail;		/* a message or an event */
	char *from, *event;	/* from this sender only, this event only; or
				   NULL */
	int64_t until;		/* real time; 0: no limit */
	int64_t clock;		/* what the clock said when it was recorded */
	char *boot;		/* the kernel's boot id then */
	int64_t due;		/* the same as `until` in time since boot */
};

/* A call of the current turn. */
struct call {
	char *id;		/* ours: "SEQ.N" of the reply */
	char *model_id;		/* the model's, for its messages */
	char *name;
	char *arguments;	/* as the model wrote them */
	enum call_phase phase;
	int64_t seq, time;	/* of the tool.call */
	enum tool_effect effect;
	enum grant_effect verdict;
	bool prepared;		/* digests before and after are known */
	bool existed;
	struct digest before, after;
	struct wait *wait;	/* CALL_WAITS; else NULL */
};

enum request_kind {
	REQUEST_CALL,		/* may this call be made? */
	REQUEST_QUESTION,	/* ask_human */
	REQUEST_GRANT		/* may this grant be given? */
};

/* What a person is asked and has not answered. */
struct request {
	enum request_kind kind;
	char *id;		/* end of the agent's id, "-", seq of its ask */
	char *call;		/* NULL: not by a call but by the image; then
				   nothing waits for it */
	char *tool, *text;
	char *arguments;	/* of the call */
	char *effect;
	char *grant;		/* REQUEST_GRANT: its line */
	int64_t deadline;	/* real time; 0: none */
	int64_t seq;
	bool notified;		/* somebody was told of it, --notify */
};

/* A person's word for calls of one tool with these arguments; a use is spent
 * when such a call is recorded. */
struct approval {
	char *request;		/* its id */
	char *tool;
	struct digest arguments;
	int64_t uses;		/* left; -1: no limit */
	int64_t until;		/* real time; 0: no limit */
};

/* A child, by the fork record that made it. */
struct family_child {
	char *id;
	char *name;		/* NULL: none */
	char *call;		/* ours, that asked for it; NULL: none */
	int64_t seq;		/* of the fork record */
	struct limits limits;	/* reserved of this agent's for it */
	bool ended;		/* it gave back what it had not used */
	enum agent_status state; /* as its last exit mail said */
	int status;		/* exit status */
	struct usage used;	/* by it and all below it */
	bool joined;
	bool has_base;		/* of the workspace that it began with: the */
	struct digest base;	/* digest of the child's fork.jsonl */
};

struct past_each {
	int (*record)(void *arg, const struct record *, struct err *);
	void *arg;
};

/*
 * Where a fold finds the records again that it has folded: a restore makes the
 * state of an earlier one anew.  Whoever folds a history sets it; a plain
 * value.
 */
struct state_past {
	/* Give each record up to `last` from the first on, blobs in place. */
	int (*replay)(const struct state_past *, int64_t last,
	    const struct past_each *, struct err *);
	void *source;		/* a root or a chain; borrowed */
	int dir;		/* the agent's folder; borrowed */
};

/* A restore, the record `at`, went back to the record `to`. */
struct jump {
	int64_t at, to;
};

/* What is left of a record that was redacted. */
struct redacted {
	int64_t seq;
	char *body;
};

/* A command that was taken: it is not taken again. */
struct taken {
	char nonce[RAND_TEXT];
	int64_t expires;	/* of no use from then on */
	int status;		/* exit status for who sent it */
	char *why;		/* NULL: it is done */
};

struct state {
	enum agent_status status;
	enum halt halt;
	int64_t seq, time;	/* of the last record */
	char *model;		/* spec */
	struct limits limits;
	struct usage usage;
	char *goal;		/* the last one given */
	char *text;		/* the last thing that the model said */
	char *report;		/* the last report, or NULL */
	int exit_status;	/* of the last exit record */
	char *exit_why;		/* the same; or NULL */
	int64_t exit_owed;	/* its seq while no seal stands behind it, so
				   that the parent may not know of it; else 0 */

	/* The conversation as the elements of "messages", comma between. */
	struct buf convo;
	struct sha256 running;	/* over MESSAGES_PREFIX and convo */
	struct buf held;	/* messages that wait for open calls' results */
	int64_t held_count;

	bool needs_model;	/* something was said since the last reply */
	int64_t model_call;	/* seq of the open model.call; 0: none */
	int64_t model_call_id;	/* seq of its first attempt */
	unsigned attempt;	/* of it */
	int64_t turn;		/* model calls that led here: usage counts
				   those that were taken back, too */
	enum model_stop stop;	/* of the last reply */
	unsigned bad_streak;	/* replies in a row of no use */

	struct call *calls;
	size_t call_count, call_cap;
	struct request *requests;
	size_t request_count, request_cap;
	struct approval *approvals;
	size_t approval_count, approval_cap;
	struct policy policy;	/* the agent's own; above it its ancestors' */
	struct taken *taken;
	size_t taken_count, taken_cap;
	struct mailstate mail;
	bool awake;		/* time counts */
	unsigned labels;	/* of the conversation */
	struct labelled_list files; /* that calls with labels wrote; what is
				   put back keeps its label */
	int64_t messages;	/* in the conversation */
	struct digest tools;	/* of the tools' blob of the last model.call */
	bool has_ckpt;
	int64_t ckpt_seq;	/* the last bundle covers records up to this */
	int64_t ckpt_offset;	/* where the records behind it begin; a hint */
	struct digest ckpt_id;
	bool forked;		/* what it does not use is its parent's */
	struct family_child *children; /* oldest first */
	size_t child_count, child_cap;
	struct jump *jumps;	/* every restore, oldest first */
	size_t jump_count, jump_cap;
	int64_t restoring;	/* seq of a restore or join whose files are not
				   all in their places; 0: none */
	struct digest restore_paths; /* the blob that lists them */
	char *joining;		/* it is a join: of this child; else NULL */
	struct state_past past;
	/* Of records that were redacted: what later records say is left of
	 * them.  Looked for in the past when the first one is met. */
	struct redacted *redacted;
	size_t redacted_count, redacted_cap;
	bool redacted_sought;
	bool redaction;		/* the conversation is not as it was */
	bool refold;		/* made for a restore: those before are walked
				   around */
};

void state_init(struct state *);
void state_free(struct state *);

/*
 * Fold in one record whose body's blobs are in place (blob_expand).  Status
 * 65 when the body is not one that its type has; the state is then of no use.
 */
int state_apply(struct state *, const struct record *, struct err *);

/*
 * The state as it was at the record `seq`, made from `past`; but for what is
 * never taken back (usage and policy are those of the records that led
 * there).  Initialises `then`.  Status 65; 66 when there is no such record.
 */
int state_then(const struct state *, int64_t seq, struct state *then,
    struct err *);

/* For the fold: forget the turn's calls; release one request. */
void state_drop_calls(struct state *);
void wait_free(struct wait *);
void request_free(struct request *);
void approval_free(struct approval *);
/* Forget the approval of this request, if there is one. */
void state_drop_approval(struct state *, const char *request);
void family_child_free(struct family_child *);
/* What the policy was becomes the layer above, and the own one is empty. */
void state_push_layer(struct state *);
/* Has a child of it room for its layers, of which there are at most
 * LAYERS_MOST above its own? */
bool state_has_layer(const struct state *);

const char *agent_status_name(enum agent_status);
/* Done, failed or killed? */
bool agent_has_ended(enum agent_status);
int agent_status_parse(const char *, enum agent_status *out);
/* The call with our id, or NULL. */
struct call *state_call(const struct state *, const char *id);
struct request *state_request(const struct state *, const char *id);
struct family_child *state_child(const struct state *, const char *id);
/* The command of this nonce, if it was taken and could be sent again. */
const struct taken *state_taken(const struct state *, const char *nonce);
/* The approval that holds for this call at `now` (effective real time), or
 * NULL. */
const struct approval *state_approval(const struct state *, const char *tool,
    const char *arguments, int64_t now);
/* Is a request open that the model made, so that it can be waited for? */
bool state_waits(const struct state *);
/* The first of the calls that wait without a process, or NULL. */
const struct call *state_waiting(const struct state *);
/* What it waits for, in a word: "human", "child", "mail" or "timer"; NULL when
 * it does not wait. */
const char *state_waits_for(const struct state *);
/* The last model call's name for a request in form 1. */
const char *state_model_name(const struct state *);

/*
 * The request that the state calls for, form 1, whose digest needs only what
 * is new: MESSAGES_PREFIX, convo, then ],"model":"NAME","tools":TOOLS}.
 */
#define REQUEST_FORM    1
#define MESSAGES_PREFIX "{\"messages\":["
void state_request_text(const struct state *, struct slice tools,
    struct buf *out);
void state_request_digest(const struct state *, struct slice tools,
    struct digest *out);

#endif
