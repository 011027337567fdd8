#include "sandbox/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cc.h"

struct clone_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
	uint64_t stack, stack_size, tls;
};

struct open_how {
	uint64_t flags, mode, resolve;
};

struct landlock_ruleset {
	uint64_t access_fs, access_net, scoped;
};

struct landlock_path {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

struct landlock_port {
	uint64_t access, port;
};

enum {
	LANDLOCK_VERSION_FLAG = 1,
	LANDLOCK_RULE_PATH = 1,
	LANDLOCK_RULE_PORT = 2
};

pid_t
kernel_clone(uint64_t flags, int *pidfd)
{
	struct clone_args args = {.flags = flags};

	if ((flags & KERNEL_CLONE_PIDFD) != 0)
		args.pidfd = (uint64_t)(uintptr_t)pidfd;
	if ((flags & KERNEL_CLONE_PARENT) == 0)
		args.exit_signal = SIGCHLD;
	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

int
kernel_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int
kernel_open_path(int dir, const char *path, uint64_t resolve)
{
	struct open_how how = {
	    .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = resolve};
	int fd;

	/* EAGAIN: something was renamed while ".." was checked */
	do
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return fd;
}

int
kernel_landlock_abi(void)
{
	long abi = syscall(
	    SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG);

	return abi < 0 ? 0 : (int)abi;
}

uint64_t
kernel_landlock_access(int abi)
{
	if (abi >= 5)
		return 0xffff;
	if (abi >= 3)
		return 0x7fff;
	return abi == 2 ? 0x3fff : 0x1fff;
}

int
kernel_landlock_new(int abi)
{
	struct landlock_ruleset attr = {
	    .access_fs = kernel_landlock_access(abi)};
	size_t size = sizeof(attr.access_fs);

	if (abi >= 4) {
		attr.access_net = LANDLOCK_TCP;
		size += sizeof(attr.access_net);
	}
	if (abi >= 6) {
		attr.scoped = LANDLOCK_SCOPES;
		size += sizeof(attr.scoped);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
}

int
kernel_landlock_allow(int ruleset, int path_fd, uint64_t access)
{
	struct landlock_path rule = {.access = access, .fd = path_fd};

	return (int)syscall(
	    SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH, &rule, 0);
}

int
kernel_landlock_connect(int ruleset, unsigned port)
{
	struct landlock_port rule = {
	    .access = LANDLOCK_CONNECT_TCP, .port = port};

	return (int)syscall(
	    SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PORT, &rule, 0);
}

int
kernel_landlock_enter(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
