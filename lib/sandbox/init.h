/*
 * init.h: a call's process 1.  It builds the sandbox, forks the command,
 * outlives it for as long as it takes to end and reap everything left, and
 * reports over the status pipe.
 */
#ifndef SANDBOX_INIT_H
#define SANDBOX_INIT_H

#include "sandbox/machine.h"
#include "sandbox/spec.h"
#include "sandbox/wire.h"

/* The launcher's descriptors, which the init inherits at these numbers; all
 * that a request brings is above. */
enum {
	INIT_SOCKET = 3,
	INIT_RUNNER = 4, /* pidfd of the runner: readable once it died */
	INIT_STATUS = 5,
	INIT_GO = 6,
	INIT_IO = 7, /* its /proc/PID/io */
	INIT_FIRST = 8
};

/* One request, received. */
struct init_call {
	const struct machine *machine;
	const struct buf *filter;
	const struct spec *spec;
	struct wire_request request;
	int fds[WIRE_FDS]; /* status, then as the request's flags say */
};

/* Signals are blocked when it is called. */
NORETURN void init_run(const struct init_call *);

#endif
