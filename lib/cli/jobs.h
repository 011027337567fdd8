/*
 * jobs.h: runs of agents as processes of our own program, so many at a time.
 * A job dies with us: it then gets SIGTERM, and saves what it has.
 */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/rand.h"

struct job {
	char id[ULID_TEXT];	/* of the agent; empty: none */
	int64_t seq;		/* its last record when it was started */
	pid_t pid;
	int pidfd, said_fd;
	struct buf said;	/* the last line of its stderr */
	int status;		/* exit status, or 128 and the signal */
};

struct jobs {
	struct job *job;
	size_t most, running;
};

void jobs_init(struct jobs *, size_t most);
void jobs_free(struct jobs *);
bool jobs_room(const struct jobs *);
bool jobs_idle(const struct jobs *);
const struct job *jobs_find(const struct jobs *, const char *id);
/* Start `agent-run -q OPTIONS -r ID`; there is room. */
int jobs_start(struct jobs *, const char *id, int64_t seq, char *const *options,
    size_t count, struct err *);
/* The same with all arguments given, the name of the program first: it is our
 * own one all the same. */
int jobs_spawn(struct jobs *, const char *id, int64_t seq, char *const *argv,
    struct err *);
void jobs_signal(struct jobs *, int signal);
/*
 * Until one has ended (1, taken out into `done`), `stop_fd` (or -1) is
 * readable (2), or `until` (clock_mono) has come (0).
 */
int jobs_wait(struct jobs *, int stop_fd, int64_t until, struct job *done,
    struct err *);
void job_free(struct job *);

#endif
