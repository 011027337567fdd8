/*
 * due.h: which agents of a root have something to do: what a scheduler, a
 * timer unit or cron starts.  Reads; takes no lock.
 *
 * A table is scanned again and again: an agent whose journal has not grown
 * costs a few system calls.
 */
#ifndef AGENT_DUE_H
#define AGENT_DUE_H

#include <time.h>

#include "agent/state.h"

enum due_kind {
	DUE_NOW,	/* a run would do something */
	DUE_RUNNING,	/* somebody runs it */
	DUE_WAITS,	/* for what `waits` says */
	DUE_PAUSED,	/* a limit is met */
	DUE_ENDED,	/* done, failed or killed */
	DUE_DAMAGED	/* it cannot be read */
};

struct due_agent {
	char id[ULID_TEXT];
	enum due_kind kind;
	char *error;		/* DUE_DAMAGED: why */
	struct state state;	/* as at the last scan, without conversation */
	int64_t left;		/* ns until its next timer; CLOCK_NEVER */
	/* of its journal when it was read */
	int64_t size;
	struct timespec changed;
	bool gone;		/* it was not there at the last scan */
	bool mail;		/* something lies in its mailbox for it */
	bool locked;		/* somebody has it */
	/* For who runs it: not again while it stands there. */
	bool aside, failed;
	int64_t aside_seq;
	bool was_due, had_mail;	/* when its last run was started */
};

struct due_table {
	struct root *root;	/* borrowed */
	struct due_agent *agent;	/* sorted by id */
	size_t count, cap;
};

/* Have this agent in the table, once; it is looked at later. */
void due_add(struct due_table *, const char *id);
/* "running" or "damaged", or its state; one that crashed is "ready". */
const char *due_word(const struct due_agent *);
/* Look at all agents. */
int due_scan(struct due_table *, struct err *);
/* Look at one of the table again. */
void due_look(struct due_table *, struct due_agent *);
void due_free(struct due_table *);
/*
 * Those that wait for each other for ever: 0, or how many, and `*ring` who
 * waits for whom, the caller's to free.  The table is of no use afterwards.
 */
size_t due_stuck(struct due_table *, char **ring);

#endif
