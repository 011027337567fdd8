/*
 * leasefile.h: the files lease.N in an agent's folder, for lease.c: one line
 * "HOST PID START BOOT SPACE", or nothing once it was given up.  START is the
 * process's start time and SPACE its PID namespace, by which another process
 * of the same boot can tell that it is dead.
 */
#ifndef AGENT_LEASEFILE_H
#define AGENT_LEASEFILE_H

#include <sys/stat.h>

#include "base/err.h"

#define LEASE_NAME 32 /* bytes of "lease.N" with its NUL */

enum lease_state {
	LEASE_NONE,	/* there is none */
	LEASE_FREE,	/* it was given up, in order */
	LEASE_DEAD,	/* its process has ended */
	LEASE_LIVE	/* it is its holder's until it is too old */
};

struct lease_file {
	int64_t number;		/* 0: there is none */
	enum lease_state state;
	int64_t renewed;	/* its modification time */
	char holder[160];	/* "process 12 on host-1", for people */
};

void leasefile_name(int64_t number, char out[LEASE_NAME]);
/* The newest lease in the folder. */
int leasefile_newest(int dir, struct lease_file *out, struct err *);
/* Take away those below `number`, and all files of takers who were too late or
 * died: .journal.N.WORD up to this number but for `keep`, .lease-WORD. */
int leasefile_clear(int dir, int64_t number, const char *keep, struct err *);
/* Make a file of this process's, not one of them yet: its name and
 * descriptor.  Its modification time is now. */
int leasefile_make(int dir, char name[LEASE_NAME], int *fd, struct err *);
/* Renew; the time in nanoseconds, as the file system gave it. */
int leasefile_renew(int fd, int64_t *now);

#endif
