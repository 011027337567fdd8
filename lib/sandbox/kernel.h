/*
 * kernel.h: what the C library's headers lack: system calls, Landlock
 * (landlock(7), ABI 1 to 7) and clone3(2).  All answer like system calls: -1
 * and errno.
 */
#ifndef SANDBOX_KERNEL_H
#define SANDBOX_KERNEL_H

#include <stdint.h>
#include <sys/types.h>

/* Of clone3(2) and clone(2); <linux/sched.h> clashes with <sched.h>. */
#define KERNEL_CLONE_PIDFD   0x00001000ULL
#define KERNEL_CLONE_PARENT  0x00008000ULL
#define KERNEL_CLONE_NEWTIME 0x00000080ULL
#define KERNEL_CLONE_NEWNS   0x00020000ULL
#define KERNEL_CLONE_NEWCG   0x02000000ULL
#define KERNEL_CLONE_NEWUTS  0x04000000ULL
#define KERNEL_CLONE_NEWIPC  0x08000000ULL
#define KERNEL_CLONE_NEWUSER 0x10000000ULL
#define KERNEL_CLONE_NEWPID  0x20000000ULL
#define KERNEL_CLONE_NEWNET  0x40000000ULL

/* A fork with these flags: 0 in the child.  The exit signal is that of the
 * caller's when CLONE_PARENT is set, else SIGCHLD. */
pid_t kernel_clone(uint64_t flags, int *pidfd);

int kernel_pivot_root(const char *new_root, const char *put_old);

/* openat2(2): an O_PATH descriptor of `path` below `dir`, the last component
 * not followed; `resolve` as in <linux/openat2.h>. */
int kernel_open_path(int dir, const char *path, uint64_t resolve);
#define KERNEL_NO_SYMLINKS 0x06ULL /* and no magic links */
#define KERNEL_BENEATH     0x0eULL /* the same, and never out of `dir` */

enum {
	LANDLOCK_EXECUTE = 1 << 0,
	LANDLOCK_WRITE_FILE = 1 << 1,
	LANDLOCK_READ_FILE = 1 << 2,
	LANDLOCK_READ_DIR = 1 << 3,
	LANDLOCK_CHANGE_DIR = 0x1ff0, /* remove and make, bits 4 to 12 */
	LANDLOCK_REFER = 1 << 13,     /* ABI 2 */
	LANDLOCK_TRUNCATE = 1 << 14,  /* ABI 3 */
	LANDLOCK_IOCTL_DEV = 1 << 15, /* ABI 5 */
	LANDLOCK_TCP = 3,             /* bind and connect, ABI 4 */
	LANDLOCK_CONNECT_TCP = 2,
	LANDLOCK_SCOPES = 3           /* abstract sockets, signals: ABI 6 */
};

/* The ABI's number, 0 when there is no Landlock. */
int kernel_landlock_abi(void);
int kernel_landlock_new(int abi);
int kernel_landlock_allow(int ruleset, int path_fd, uint64_t access);
/* Connecting to a TCP port (ABI 4). */
int kernel_landlock_connect(int ruleset, unsigned port);
int kernel_landlock_enter(int ruleset);
/* The access rights that an ABI knows. */
uint64_t kernel_landlock_access(int abi);

#endif
