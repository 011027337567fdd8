/*
 * wait.h: what a call waits for (struct wait, state.h): as it stands in
 * records, and whether it has come.
 *
 * Invariant: a timer's time passes with the effective time (the later of the
 * clock and the last record's time), and with the time since boot where that
 * is known: a clock that is set back neither repeats nor stops a timer.
 */
#ifndef AGENT_WAIT_H
#define AGENT_WAIT_H

#include "agent/session.h"
#include "base/jsonw.h"

/* The members of a record `wait`; NULL when it waits for nothing, or for a
 * time that is none.  wait_free releases it. */
struct wait *wait_read(const struct json *body);
/* The same as a member `key`, or as members of the object that is begun when
 * that is NULL. */
void wait_write(struct jsonw *, const char *key, const struct wait *);

/* What time it is, by all clocks. */
struct moment {
	int64_t now;	/* effective, real */
	int64_t clock;	/* real */
	int64_t uptime;	/* since boot, also while suspended */
	char boot[BOOT_TEXT];
};
/* `last` is the time of the agent's last record. */
void moment_take(int64_t last, struct moment *out);
/* Let a wait last for so long from this moment on. */
void wait_set_time(struct wait *, const struct moment *, int64_t ns);
/* Nanoseconds until its time has come, 0 or less when it has; CLOCK_NEVER when
 * it has none. */
int64_t wait_left(const struct wait *, const struct moment *);

void wait_add_agent(struct wait *, const char *id);
/* A child has told how it ended: true when a call of this state waits for
 * that, so that its result will say it. */
bool wait_tell(struct state *, const char *id, enum agent_status,
    const char *said);

enum wait_end {
	WAIT_ON,	/* it goes on */
	WAIT_MESSAGE,	/* somebody said something: that ends every wait */
	WAIT_EVENT,
	WAIT_AGENTS,
	WAIT_TIME
};

/* Has the agent ended, though it did not tell? */
typedef bool wait_ended(void *arg, const char *id);

/* The first event that it waits for; or NULL. */
const struct mail_event *wait_event(const struct state *, const struct wait *);
/* How the wait of a call of this state stands. */
enum wait_end wait_look(const struct state *, const struct wait *,
    const struct moment *, wait_ended *, void *arg);

/* Is this the state of an agent that has ended, or stopped at a limit, and
 * that nobody runs? */
bool wait_is_end(const struct state *);

/*
 * Would an agent that waits like this wait for nothing: for agents that all, in
 * the end, wait for it?  For ever, or for most of its time limit.  Then `*ring` gets their ids with " waits for "
 * between, the caller's to free.  Reads other agents' states.
 */
bool wait_stuck(struct root *, const char *id, const struct wait *,
    char **ring);

#endif
