/*
 * proxyserver.h: the proxy's own side: a process that waits for jobs, and the
 * one that it forks for each.
 */
#ifndef SANDBOX_PROXYSERVER_H
#define SANDBOX_PROXYSERVER_H

#include "sandbox/issuer.h"
#include "sandbox/proxyspec.h"

/* Runner to server; a job's spec, listener and control come with it. */
enum proxy_request { PROXY_BUNDLE, PROXY_SERVE };

/* In the forked child; `sock` is its end, `runner` its parent. */
NORETURN void proxyserver_run(int sock, pid_t runner);

/* proxyloop.c: serve one call until `control` ends, then tell there, in two
 * lines of JSON, what was decided and what is left of finite grants. */
void proxyloop_run(const struct proxyspec *, struct issuer *, int listener,
    int control);

#endif
