/*
 * filter.h: the third layer, a seccomp(2) filter: what no tool needs and past
 * exploits used answers EPERM; other architectures' calls kill.  Compiled
 * once in the launcher, installed in each child.  This module alone knows
 * libseccomp.
 */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* `sockets`: INET, INET6 and UNIX sockets may be made, which only a network
 * namespace makes harmless. */
int filter_build(bool sockets, struct buf *program, struct err *);
/* Needs no_new_privs.  -1 with errno. */
int filter_enter(const struct buf *program);

#endif
