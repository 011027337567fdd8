/*
 * descend.h: a process's descendants found through /proc, for where there is
 * no PID namespace.
 */
#ifndef SANDBOX_DESCEND_H
#define SANDBOX_DESCEND_H

#include "base/cc.h"

/* Send a signal to every descendant of this process, as /proc shows them now;
 * a subreaper that repeats this with SIGKILL and reaps meets all of them. */
void descend_signal(int sig);

#endif
