#include "sandbox/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
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
unshare_network(struct network_pool *pool, struct err *e)
{
	if (unshare(CLONE_NEWNET) < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot make a network namespace");
	pool->current = NETWORK_NONE;
	return 0;
}

static int
make(struct network_pool *pool, struct err *e)
{
	int fd;

	if (unshare_network(pool, e) < 0)
		return -1;
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

static int
raise_loopback(struct err *e)
{
	int fd CLEANUP_FD = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot raise a loopback interface");
	return 0;
}

static int
listen_at(unsigned port, int *out, struct err *e)
{
	struct sockaddr_in here = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd CLEANUP_FD =
	    socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	    listen(fd, SOMAXCONN) < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot listen in a network");
	*out = fd;
	fd = -1;
	return 0;
}

int
network_enter_own(
    struct network_pool *pool, unsigned port, int *listener, struct err *e)
{
	if (unshare_network(pool, e) < 0 || raise_loopback(e) < 0)
		return -1;
	return listen_at(port, listener, e);
}

void
network_take_call(struct network_pool *pool, int pidfd)
{
	if (pool->current == NETWORK_NONE)
		(void)close(pidfd);
	else
		pool->list[pool->current].call = pidfd;
}
