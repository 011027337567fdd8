/*
 * machine.h: what of the sandbox this machine allows this user.
 */
#ifndef SANDBOX_MACHINE_H
#define SANDBOX_MACHINE_H

#include <stdint.h>

#include "sandbox/sandbox.h"

struct machine {
	bool contained; /* namespaces; else Landlock and seccomp only */
	int abi;        /* Landlock's; 0: none */
	uid_t uid;
	gid_t gid;
};

/* Make this process, the launcher, one that can make contained ones: a mount
 * namespace of its own (and, for a user, a user namespace that maps the same
 * user).  `missing` gets a line for people, or "".  Status 78 when the mode
 * cannot be kept. */
int machine_enter(struct machine *, enum sandbox_mode, char *missing,
    size_t room, struct err *);
/* The flags of clone3(2) for a call's namespaces, but for the network's
 * (network.h); 0 when there are none. */
uint64_t machine_namespaces(const struct machine *);
#endif
