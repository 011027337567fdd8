/*
 * detach.h: how a process that serves a runner leaves the terminal it was
 * started from.
 */
#ifndef SANDBOX_DETACH_H
#define SANDBOX_DETACH_H

/* A session of its own, no signal that is meant for the foreground (what to do
 * about those is the runner's to decide), and a name of its own. */
void detach(const char *name);

#endif
