/*
 * confine.h: what a process gives up, for good: capabilities, new privileges,
 * and what Landlock and seccomp take.  Limits are the command's alone.
 */
#ifndef SANDBOX_CONFINE_H
#define SANDBOX_CONFINE_H

#include "sandbox/rules.h"
#include "sandbox/sandbox.h"

/* `privileged`: capabilities are held and must all go. */
int confine_enter(const struct rules *, const struct buf *filter,
    bool privileged, struct err *);
int confine_limits(const struct spawn_limits *, struct err *);

#endif
