#include "agent/nudge.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

void
nudge_give(int agent)
{
	(void)futimens(agent, NULL);
}

void
nudge_open(int agent, int stop_fd, struct nudge *out)
{
	struct epoll_event in = {.events = EPOLLIN};
	char path[40];

	out->fd = epoll_create1(EPOLL_CLOEXEC);
	out->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", agent);
	if (out->watch >= 0 &&
	    inotify_add_watch(out->watch, path, IN_ATTRIB) >= 0)
		(void)epoll_ctl(out->fd, EPOLL_CTL_ADD, out->watch, &in);
	if (stop_fd >= 0)
		(void)epoll_ctl(out->fd, EPOLL_CTL_ADD, stop_fd, &in);
}

bool
nudge_felt(const struct nudge *n)
{
	char events[4096];

	return n->watch >= 0 && read(n->watch, events, sizeof(events)) > 0;
}

void
nudge_close(struct nudge *n)
{
	fd_cleanup(&n->watch);
	fd_cleanup(&n->fd);
}
