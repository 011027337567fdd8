/*
 * root.h: the private root: a tmpfs on which a plan's paths are bound, and
 * nothing else exists.  Runs in new mount and PID namespaces, where mounts are
 * private, with the skeleton as the working folder.
 */
#ifndef SANDBOX_ROOT_H
#define SANDBOX_ROOT_H

#include "sandbox/plan.h"
#include "sandbox/rules.h"
#include "sandbox/sandbox.h"

/* Build it, add what is in it to `rules`, and make it the root of this
 * process and its namespace.  `bundle`, unless it is empty, is what the file
 * SANDBOX_BUNDLE holds. */
int root_enter(const struct plan *, const struct view *,
    const struct spawn_limits *, struct slice bundle, struct rules *,
    struct err *);

#endif
