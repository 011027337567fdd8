/*
 * rules.h: the second layer, a Landlock rule set that is filled while the
 * root is built.
 */
#ifndef SANDBOX_RULES_H
#define SANDBOX_RULES_H

#include <stdbool.h>

#include "base/err.h"
#include "sandbox/plan.h"

struct rules {
	int fd; /* -1: no Landlock here */
	int abi;
};

int rules_open(struct rules *, int abi, struct err *);
/* Allow the rights (VIEW_ bits) on an open path and all below it. */
int rules_allow(struct rules *, int path_fd, unsigned rights, bool folder,
    const char *path, struct err *);
/* The same for a folder of devices: also ioctl. */
int rules_allow_devices(struct rules *, int path_fd, struct err *);

/* Allow connecting to a TCP port. */
int rules_allow_port(struct rules *, unsigned port, struct err *);

/* Without a private root: all of a plan, at the machine's own paths.  Status
 * 78 when it denies something inside what it grants: Landlock only adds. */
int rules_allow_plan(
    struct rules *, const struct plan *, const struct view *, struct err *);

#endif
