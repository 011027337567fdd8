/*
 * replay.h: a history gone through again, without a model and without
 * effects: before each record that a run wrote, the state is asked what it
 * called for (turn.h), and each request is made again and held against the
 * digest that was recorded.
 *
 * Invariant: what is proved needs the records and their blobs alone.
 */
#ifndef AUDIT_REPLAY_H
#define AUDIT_REPLAY_H

#include "audit/source.h"

struct replay_result {
	int64_t records;	/* gone through, the last one counted */
	int64_t actions;	/* of them: what a run did, proved */
	int64_t requests;	/* model calls whose bytes were proved */
	/* The first record that is not what was called for; 0: none. */
	int64_t drift;
	char expected[256], found[256];
	/* The first one whose body is gone: nothing behind it can be proved;
	 * 0: none. */
	int64_t redacted;
};

/*
 * Go through the records up to `until` (0: all); `state` is the state there
 * (or at the drift), initialised here and freed by the caller also when -1 is
 * returned; its past is gone.  0 also for a drift.  Status 65 damaged, 66 no
 * such record, or a blob is missing.
 */
int replay(struct source *, int64_t until, struct state *state,
    struct replay_result *, struct err *);

#endif
