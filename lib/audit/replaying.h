/*
 * replaying.h: what the parts of a replay share: replay.c (the walk, and the
 * records of runs), replaycalls.c (those of tool calls).
 */
#ifndef AUDIT_REPLAYING_H
#define AUDIT_REPLAYING_H

#include "agent/turn.h"
#include "audit/replay.h"
#include "base/json.h"

enum replay_phase {
	REPLAY_IDLE,	/* no call was recorded by this run */
	REPLAY_CALLS,	/* calls of a batch are being recorded */
	REPLAY_RESULTS	/* they are all, and were made */
};

struct replaying {
	struct source *source;
	struct state *s;		/* before the record */
	struct replay_result *result;
	struct tool_table builtins;
	struct buf tools;		/* of the last model call */
	struct digest tools_digest;

	bool running;			/* behind a wake, and no exit yet */
	bool killed;			/* the record before is the end that a
					   signal makes */
	bool newborn;			/* forked, and did not run yet: the
					   parent's calls get their results */
	enum replay_phase phase;
	size_t from, to;		/* the batch's calls, in the state */
	size_t next;			/* of them: no result before it is
					   to come any more */
	bool parallel, sure;		/* its calls need not be alone; and no
					   grant makes that doubtful */

	const struct record *rec;	/* the one looked at, and its body */
	const struct json *body;
};

/*
 * A record that is not what the state called for: fills in the result and
 * returns 1, as the checks below do; 0: it is what was called for; -1.
 */
int replay_drift(struct replaying *, const char *expected, const char *found);
/* The state's action in words, against this record. */
int replay_drift_action(struct replaying *, const char *found);
/* What the state calls for now. */
struct action replay_action(const struct replaying *);

int replay_tool_call(struct replaying *);
int replay_tool_result(struct replaying *);
int replay_ask(struct replaying *);
int replay_wait(struct replaying *);
/* The record is none of those: the calls of a batch are all recorded. */
void replay_close_batch(struct replaying *);
/* Another run begins, or the turn is another one. */
void replay_forget_batch(struct replaying *);

#endif
