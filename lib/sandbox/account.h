/*
 * account.h: what a call's processes took: processor time, and bytes that they
 * wrote, as the kernel counts both.
 *
 * What a process took is added to its parent's account once that has waited
 * for it, so the init's holds all in the end (getrusage(2), and proc(5) on
 * /proc/PID/io).  Only what has a parent that ignores SIGCHLD is lost, since
 * nobody waits for it; a look while it runs sees it.
 */
#ifndef SANDBOX_ACCOUNT_H
#define SANDBOX_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct account {
	int64_t cpu_ns;
	int64_t written;	/* bytes of files on a disk that became dirty:
				   whole pages, those of mappings too */
	int64_t handed;		/* bytes given to write(2) and the like,
				   whatever took them */
};

/* Add what the text of a /proc/PID/io says; what it does not is 0. */
void account_parse(const char *text, struct account *);
/* The same of an open one, from its beginning. */
void account_read(int fd, struct account *);

/* Of two accounts of the same, what is surely true: the greater of each. */
void account_most(struct account *, const struct account *);
/* What the process `init` and all below it took by now, as far as this one may
 * see it: never more than it was. */
void account_look(pid_t init, struct account *out);

/* Is what is written to the file system of this folder counted as `written`?
 * Those in memory and those of another program have no pages that are written
 * back. */
bool account_has_disk(const char *path);

#endif
