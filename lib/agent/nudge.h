/*
 * nudge.h: a model call can take long, and is not looked away from to read
 * mail.  Who kills an agent nudges its folder, and the call is given up.
 */
#ifndef AGENT_NUDGE_H
#define AGENT_NUDGE_H

#include <stdbool.h>

/* `{-1, -1}` is closed. */
struct nudge {
	int fd;			/* polls as readable: nudged, or stop_fd is */
	int watch;
};

/* Nudge whoever works on the agent of this folder.  Nobody on another host
 * feels it. */
void nudge_give(int agent);

/* Be told of nudges to this folder; without the kernel's help, only of what
 * stop_fd (or -1) says. */
void nudge_open(int agent, int stop_fd, struct nudge *out);
/* Was there a nudge since the last question? */
bool nudge_felt(const struct nudge *);
void nudge_close(struct nudge *);

#endif
