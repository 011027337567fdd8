/* A run that has nothing to do but to wait. */
#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/mailbox.h"
#include "agent/runner.h"
#include "base/mem.h"

/* What another host delivers on a shared file system wakes nobody. */
#define PAUSE_MOST CLOCK_SECOND

/* Without it, one looks every second. */
static void
watch_mail(struct runner *r)
{
	struct mailbox m CLEANUP_MAILBOX = MAILBOX_NONE;
	char *path CLEANUP_FREE = NULL;
	struct err e;

	if (r->mail >= 0 || mailbox_open(r->s->dir, true, &m, &e) <= 0)
		return;
	r->mail = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	path = mem_printf("/proc/self/fd/%d", m.new);
	(void)inotify_add_watch(r->mail, path, IN_MOVED_TO);
}

int
runner_pause(struct runner *r, struct run_end *end, struct err *e)
{
	int64_t left = waiting_left(r);
	int64_t until = clock_deadline(left < PAUSE_MOST ? left : PAUSE_MOST);
	char events[4096];

	/* Nobody can answer what is not on the disk. */
	if (session_commit(r->s, e) < 0)
		return -1;
	if (clock_mono() >= r->deadline) {
		run_end_set(
		    end, AGENT_PAUSED, EX_LIMIT, "the limit of time is met");
		return 1;
	}
	watch_mail(r);
	if (r->deadline < until)
		until = r->deadline;
	struct pollfd p[3] = {{.fd = r->opt->stop_fd, .events = POLLIN},
	    {.fd = r->mail, .events = POLLIN},
	    {.fd = r->notify.request == NULL ? -1 : r->notify.pidfd,
		.events = POLLIN}};
	if (poll(p, 3, clock_poll_ms(until)) < 0 && errno != EINTR)
		return err_set(e, EX_OSERR, errno, "cannot wait");
	if (p[1].revents != 0)
		(void)!read(r->mail, events, sizeof(events));
	return 0;
}
