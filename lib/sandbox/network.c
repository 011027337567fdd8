#include "sandbox/network.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static bool
is_free(struct network *n)
{
	struct pollfd p = {.fd = n->call, .events = POLLIN};

	if (n->call >= 0 && poll(&p, 1, 0) <= 0)
		return false;
	fd_cleanup(&n->call);
	return true;
}

static int
make(struct network_pool *pool, struct err *e)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot make a network namespace");
	fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot open a network namespace");
	mem_room(&pool->list, pool->count, &pool->cap, sizeof(*pool->list));
	pool->list[pool->count] = (struct network){.ns = fd, .call = -1};
	pool->current = pool->count++;
	return 0;
}

int
network_enter(struct network_pool *pool, struct err *e)
{
	size_t i;

	for (i = 0; i < pool->count; i++) {
		if (!is_free(&pool->list[i]))
			continue;
		if (i != pool->current &&
		    setns(pool->list[i].ns, CLONE_NEWNET) < 0)
			return err_set(e, EX_OSERR, errno,
			    "cannot enter a network namespace");
		pool->current = i;
		return 0;
	}
	return make(pool, e);
}

void
network_take_call(struct network_pool *pool, int pidfd)
{
	pool->list[pool->current].call = pidfd;
}
