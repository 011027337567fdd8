/*
 * attack.c: ways out of a sandbox, tried by their system calls: `attack NAME
 * ARGUMENT...` prints "ok" (status 0) or the name of the error (1).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cc.h"
#include "base/num.h"

static long
fail(int errnum)
{
	errno = errnum;
	return -1;
}

static long
do_read(const char *path)
{
	char c;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : read(fd, &c, 1);
}

static long
do_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	return fd < 0 ? -1 : write(fd, "x", 1);
}

static long
do_mode(const char *path)
{
	return chmod(path, 0777);
}

static long
do_times(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0);
}

static long
do_attribute(const char *path)
{
	return setxattr(path, "user.attack", "x", 1, 0);
}

static long
do_cut(const char *path)
{
	return truncate(path, 0);
}

static long
do_remove(const char *path)
{
	return unlink(path);
}

static long
do_link(const char *path)
{
	return link(path, "stolen");
}

static long
do_rename(const char *path)
{
	return rename(path, "stolen");
}

/* A descriptor of a path alone, opened again through /proc. */
static long
do_reopen(const char *path)
{
	char name[64];
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -1;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	return do_read(name);
}

static struct sockaddr_in
loopback(const char *port)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int64_t n = 0;

	(void)num_int(port, 1, 65535, &n);
	in.sin_port = htons((uint16_t)n);
	return in;
}

static long
do_tcp(const char *port)
{
	struct sockaddr_in in = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&in, sizeof(in));
}

static long
do_mptcp(const char *port)
{
	struct sockaddr_in in = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 262);

	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&in, sizeof(in));
}

static long
do_fastopen(const char *port)
{
	struct sockaddr_in in = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? -1
		      : sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL,
			    (struct sockaddr *)&in, sizeof(in));
}

/* There and back: a datagram alone would be lost without a word. */
static long
do_udp(const char *port)
{
	struct sockaddr_in in = loopback(port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char c;

	if (fd < 0 ||
	    sendto(fd, "x", 1, 0, (struct sockaddr *)&in, sizeof(in)) < 0)
		return -1;
	return poll(&p, 1, 5000) == 1 ? recv(fd, &c, 1, 0) : fail(ETIMEDOUT);
}

static long
do_socket(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&un, sizeof(un));
}

/* Serve a port of both kinds and a path until killed; prints the port. */
static long
do_listen(const char *path)
{
	struct sockaddr_in in = loopback("");
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int local = socket(AF_UNIX, SOCK_STREAM, 0), on = 8;
	socklen_t len = sizeof(in);
	char c;

	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	(void)setsockopt(tcp, IPPROTO_TCP, TCP_FASTOPEN, &on, sizeof(on));
	if (bind(tcp, (struct sockaddr *)&in, len) < 0 || listen(tcp, 8) < 0 ||
	    getsockname(tcp, (struct sockaddr *)&in, &len) < 0 ||
	    bind(udp, (struct sockaddr *)&in, len) < 0 ||
	    bind(local, (struct sockaddr *)&un, sizeof(un)) < 0 ||
	    listen(local, 8) < 0)
		return -1;
	printf("%d\n", ntohs(in.sin_port));
	(void)fflush(stdout);
	for (;;)
		if (recvfrom(udp, &c, 1, 0, (struct sockaddr *)&in, &len) == 1)
			(void)sendto(
			    udp, &c, 1, 0, (struct sockaddr *)&in, len);
}

static long
do_signal(const char *pid)
{
	int64_t n;

	return num_int(pid, -1, INT32_MAX, &n) < 0 ? fail(EINVAL)
						   : kill((pid_t)n, 0);
}

/* Of a process beside this one, a child of the same parent. */
static long
do_ptrace(const char *unused)
{
	pid_t sibling = fork();
	long r;
	int saved;

	(void)unused;
	if (sibling == 0) {
		(void)pause();
		_exit(0);
	}
	r = ptrace(PTRACE_SEIZE, sibling, NULL, NULL);
	saved = errno;
	(void)kill(sibling, SIGKILL);
	(void)waitpid(sibling, NULL, 0);
	errno = saved;
	return r;
}

/* Execute a copy of a program that is in memory alone. */
static long
do_memfd(const char *path)
{
	static char copy[1 << 22];
	static char name[] = "true";
	char *const argv[] = {name, NULL}, *const env[] = {NULL};
	int in = open(path, O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("x", 0x10 /* MFD_EXEC */);
	ssize_t n;

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("x", 0);
	if (in < 0 || fd < 0)
		return -1;
	while ((n = read(in, copy, sizeof(copy))) > 0)
		if (write(fd, copy, (size_t)n) != n)
			return -1;
	(void)fexecve(fd, argv, env);
	return -1;
}

static long
do_clone3(const char *unused)
{
	uint64_t args[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
	long r = syscall(SYS_clone3, args, sizeof(args));

	(void)unused;
	if (r == 0)
		_exit(0);
	return r;
}

static long
do_newuser(const char *unused)
{
	(void)unused;
	return unshare(CLONE_NEWUSER);
}

static const struct {
	const char *name;
	long (*what)(const char *);
} attacks[] = {{"attribute", do_attribute}, {"clone3", do_clone3},
    {"cut", do_cut}, {"fastopen", do_fastopen}, {"link", do_link},
    {"listen", do_listen}, {"memfd", do_memfd}, {"mode", do_mode},
    {"mptcp", do_mptcp}, {"newuser", do_newuser}, {"ptrace", do_ptrace},
    {"read", do_read}, {"remove", do_remove}, {"rename", do_rename},
    {"reopen", do_reopen}, {"signal", do_signal}, {"socket", do_socket},
    {"tcp", do_tcp}, {"times", do_times}, {"udp", do_udp}, {"write", do_write}};

int
main(int argc, char *argv[])
{
	size_t i;
	long r;

	for (i = 0; argc > 1 && i < COUNT_OF(attacks); i++) {
		if (strcmp(attacks[i].name, argv[1]) != 0)
			continue;
		r = attacks[i].what(argc > 2 ? argv[2] : "");
		printf("%s\n", r >= 0 ? "ok" : strerrorname_np(errno));
		return r >= 0 ? 0 : 1;
	}
	printf("unknown\n");
	return 2;
}
