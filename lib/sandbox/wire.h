/*
 * wire.h: the messages between the runner, its launcher and each call's init,
 * with descriptors (SCM_RIGHTS).  All three are one program: plain structs.
 */
#ifndef SANDBOX_WIRE_H
#define SANDBOX_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "sandbox/account.h"

#define WIRE_FDS 6

/* Launcher to runner, once: what it found. */
struct wire_hello {
	struct err err; /* status 0: ready */
	char missing[400];
	bool networks;
};

/* Runner to launcher.  Descriptors: the spec, where the init reports, then
 * those that the flags name, in this order. */
struct wire_request {
	bool in, out, errout, held;
	bool net; /* no descriptor; one more comes back */
};

/* Launcher to runner: the child's pidfd comes with it, and the listener. */
struct wire_reply {
	struct err err; /* status 0: started */
	pid_t pid;
	int kill_signal;
};

/* Init to runner, over the status pipe.  The first that names a failure is
 * what counts. */
struct wire_report {
	struct err err; /* status not 0: never started */
	int32_t status, signal;
	struct account took; /* but its processor time */
};

/* One message; -1 with errno. */
int wire_send(int sock, const void *, size_t, const int *fds, size_t count);
/* Its size, 0 at the end; `*count` descriptors, at most WIRE_FDS, all
 * close-on-exec. */
ssize_t wire_recv(int sock, void *, size_t, int *fds, size_t *count);

#endif
