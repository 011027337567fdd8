/*
 * resolve.h: names looked up by the system's resolver in a process of their
 * own, so that nobody waits for them but who asked.
 */
#ifndef SANDBOX_RESOLVE_H
#define SANDBOX_RESOLVE_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/err.h"

#define RESOLVE_MOST 8 /* addresses that are taken of a name */

struct resolve {
	pid_t pid;
	int fd; /* readable once there is an answer; -1: none under way */
};

struct resolved {
	struct sockaddr_storage list[RESOLVE_MOST];
	size_t count;
	char why[120]; /* when there is none */
};

/* An address as text: at once, without asking anybody; false for a name. */
bool resolve_address(const char *host, unsigned port, struct resolved *out);

int resolve_start(const char *host, unsigned port, struct resolve *out,
    struct err *);
/* The answer; waits for it.  A look-up that failed has no addresses. */
void resolve_finish(struct resolve *, struct resolved *out);
void resolve_cancel(struct resolve *);

#endif
