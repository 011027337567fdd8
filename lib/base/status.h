/*
 * status.h: the exit statuses of all programs, agentutils(7).  The numbers
 * 64 to 78 are those of sysexits(3), so that a shell or cron knows them.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <sysexits.h>

enum {
	EX_NO = 1,		/* the answer is no */
	EX_LIMIT = 79,		/* a limit was met */
	EX_DEADLINE = 124,	/* a deadline passed */
	EX_CANNOT_EXECUTE = 126,
	EX_NOT_FOUND = 127,
	EX_SIGNAL = 128		/* plus the number of the signal */
};

#endif
