/*
 * server.h: the launcher's own side: finds out what this machine allows, then
 * turns requests into processes until the runner is gone.
 */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "sandbox/sandbox.h"

/* In the forked child; `sock` is its end, `runner` its parent. */
NORETURN void server_run(int sock, pid_t runner, enum sandbox_mode);

#endif
