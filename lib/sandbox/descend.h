/*
 * descend.h: a process's descendants found through /proc.
 */
#ifndef SANDBOX_DESCEND_H
#define SANDBOX_DESCEND_H

#include <stddef.h>
#include <sys/types.h>

/* Every descendant of `pid`, as /proc shows them now, parents before their
 * children; how many.  The caller frees the list. */
size_t descend_list(pid_t pid, pid_t **out);

/* Send a signal to every descendant of this process; a subreaper that repeats
 * this with SIGKILL and reaps meets all of them. */
void descend_signal(int sig);

#endif
