/*
 * sandbox.h: run one command, or one function of this program, where the
 * kernel grants what a view lists and nothing else: a private root in new
 * namespaces, Landlock and seccomp below it, a small init of ours as process
 * 1, so that ending the init ends everything that the call started.
 *
 * A launcher, forked from the small early program before a secret is loaded,
 * makes the processes; they are the caller's own children (CLONE_PARENT), die
 * with it (PDEATHSIG) and are awaited through a pidfd.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "sandbox/account.h"
#include "sandbox/view.h"

/* How strict: what to do where neither root's nor unprivileged namespaces are
 * to be had.  STRICT refuses (status 78, and says what is missing);
 * BEST_EFFORT goes on with Landlock and seccomp alone. */
enum sandbox_mode { SANDBOX_STRICT, SANDBOX_BEST_EFFORT };

/* A tool's body that runs inside: reads its argument, writes its answer to
 * descriptor 1, returns an exit status.  It must not touch other state. */
typedef int sandbox_main(struct slice argument);

/* Limits; 0 means none.  Wall time is the caller's.  Processor time and memory
 * (the private and writable kind) are those of each process; processes are of
 * the call, at least 300 (of the user, and of uid 0 not at all, on kernels
 * before 6.14). */
struct spawn_limits {
	int64_t cpu_seconds, file_bytes, memory_bytes;
	int64_t processes, open_files;
	int64_t tmp_bytes;	/* size of the private /tmp */
};

struct spawn {
	const struct view *view;
	const char *const *argv;	/* NULL-terminated; or */
	sandbox_main *main;		/* this, with */
	struct slice argument;		/* its argument, any size */
	const char *const *env;		/* NULL-terminated "NAME=value"; the
					   whole environment */
	int in, out, errout;		/* borrowed; -1: /dev/null; a folder is
					   refused (status 64) */
	struct spawn_limits limits;
	bool held;			/* wait for spawn_go before the command */
	bool net;			/* a network with a loopback of its own, and
					   child.listener in it */
	struct slice bundle;		/* certificates, at SANDBOX_BUNDLE; or
					   nothing */
};

/* Where a call with `net` finds its proxy, and where `bundle` is. */
#define SANDBOX_PROXY_PORT 3128
#define SANDBOX_BUNDLE	   "/agent-ca.pem"

/* A call's processes, seen from outside.  They are the caller's own: it must
 * not reap children that it does not know (waitpid(-1)). */
struct child {
	pid_t pid;		/* of its init, in the caller's namespace */
	int pidfd;		/* readable (poll) once all of it is gone */
	int status_fd;		/* what the init reports */
	int go_fd;		/* -1 unless held */
	int listener;		/* -1 unless `net`: accepts what the call
				   connects to SANDBOX_PROXY_PORT */
	int64_t start;		/* start time of the init, clock ticks since
				   boot, /proc/PID/stat field 22 */
	int kill_signal;	/* what ends all of it: SIGKILL to the init,
				   or in best effort, where orphans would live
				   on, SIGQUIT, on which it kills its tree */
};

/* How it ended. */
struct child_end {
	int status;		/* exit status 0..255, or 128+N for a signal */
	int signal;		/* N, or 0 */
	struct account took;	/* by all of it; the time of its start
				   included */
};

struct launcher;
struct proxy;
struct secrets;

/* Fork the launcher.  Call it while single-threaded and small, and from the
 * thread that stays: calls die with it.  Status 78 when the mode cannot be
 * kept here, with what is missing. */
int launcher_start(enum sandbox_mode, struct launcher **out, struct err *);
/* End it; running calls go on and die with the caller. */
void launcher_stop(struct launcher *);
/* What the sandbox cannot do here, a line for people; "" when nothing is
 * missing. */
const char *launcher_missing(const struct launcher *);
/* Has it died?  Known once a call could not be started; none can be, then. */
bool launcher_gone(const struct launcher *);
/* Can a call have a network of its own?  Else `net` is refused. */
bool launcher_has_networks(const struct launcher *);

/* The way out for calls that have one (proxy.h).  Make it before secrets are
 * loaded, as the launcher itself; it ends with the launcher.  NULL: none. */
int launcher_add_proxy(struct launcher *, struct err *);
struct proxy *launcher_proxy(const struct launcher *);
/* What grants may name `with`; borrowed. */
void launcher_set_secrets(struct launcher *, const struct secrets *);
const struct secrets *launcher_secrets(const struct launcher *);

/* Start a call (from one thread at a time).  With `held`, the processes exist
 * but the command starts only at spawn_go (a caller that dies before ends it
 * unstarted). */
int launcher_spawn(struct launcher *, const struct spawn *, struct child *out,
    struct err *);
int spawn_go(struct child *, struct err *);

/* Ask it to end (SIGTERM to every process but the init). */
void spawn_terminate(struct child *);
/* End all of it now; child_wait then returns at once. */
void spawn_kill(struct child *);

/* Wait until every process of the call is gone, and free the descriptors.
 * Status 126 or 127 with a message when the command could not be started
 * (setup failures: 78 or 71 with the step that failed); a command that ran
 * returns 0 whatever its status, in `end`. */
int child_wait(struct child *, struct child_end *end, struct err *);
void child_free(struct child *);

/*
 * Recovery: kill the init `pid` that started at `start` and wait until it is
 * gone, if it still lives; another process with that number is left alone.
 */
int sandbox_reap_stale(pid_t pid, int64_t start, struct err *);

#endif
