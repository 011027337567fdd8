/*
 * attend.h: calls under way, while they run: a revocation ends those that rest
 * on what was revoked, and commands in the mailbox are taken.
 */
#ifndef AGENT_ATTEND_H
#define AGENT_ATTEND_H

#include "agent/runner.h"

/* Something that polls as readable when the run is to stop, or when it is time
 * to look again. */
struct attend {
	int fd;		/* for tool_poll's stop_fd */
	int timer;
};

int attend_open(const struct runner *, struct attend *out, struct err *);
void attend_close(struct attend *);

/*
 * tool_poll said that `fd` is readable: look.  Calls that rested on what was
 * revoked since are ended and settled as denied, their entry of `runs` made
 * NULL.  How many; -1; -2 the run is to stop.
 */
int attend_look(struct attend *, struct runner *, struct plan *plans,
    struct tool_run *runs[], size_t n, struct err *);

#endif
