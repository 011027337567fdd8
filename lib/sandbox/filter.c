#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

/* By name, so that one that this architecture lacks is passed over. */
static const char *const denied[] = {
    /* other processes */
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "process_mrelease", "kcmp", "pidfd_getfd",
    /* the kernel itself */
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "init_module", "finit_module", "delete_module",
    "create_module", "query_module", "get_kernel_syms", "kexec_load",
    "kexec_file_load", "reboot", "syslog", "lookup_dcookie", "nfsservctl",
    "uselib", "vm86", "vm86old", "modify_ldt", "iopl", "ioperm", "sysfs",
    "_sysctl", "vhangup", "fanotify_init", "fanotify_mark",
    /* keys */
    "keyctl", "add_key", "request_key",
    /* what is mounted where, and namespaces */
    "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree",
    "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "setns", "unshare", "name_to_handle_at", "open_by_handle_at",
    /* the machine */
    "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "settimeofday",
    "clock_settime", "clock_adjtime", "adjtimex", "stime", "sethostname",
    "setdomainname",
    /* other processes' memory placement */
    "move_pages", "migrate_pages"};

/* Newer than libseccomp's tables; the numbers are the same everywhere. */
enum {
	SYSCALL_FCHMODAT2 = 452,
	SYSCALL_STATMOUNT = 457,
	SYSCALL_LISTMOUNT = 458,
	SYSCALL_OPEN_TREE_ATTR = 467,
	SYSCALL_LISTNS = 470
};
static const int denied_numbers[] = {SYSCALL_STATMOUNT, SYSCALL_LISTMOUNT,
    SYSCALL_OPEN_TREE_ATTR, SYSCALL_LISTNS};

/* CLONE_NEW*, each alone is enough. */
static const uint64_t namespaces[] = {0x80, 0x20000, 0x2000000, 0x4000000,
    0x8000000, 0x10000000, 0x20000000, 0x40000000};

/* personality(2) bits that undo hardening; bit 31 is part of the query. */
static const uint64_t personalities[] = {0x0100000, 0x0200000, 0x0400000};

static int
deny(scmp_filter_ctx ctx, int errnum, int call)
{
	int r =
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO((uint32_t)errnum), call, 0);

	/* -EDOM: not of this architecture */
	return r == -EDOM ? 0 : r;
}

static struct scmp_arg_cmp
compare(unsigned arg, enum scmp_compare op, uint64_t a, uint64_t b)
{
	return (struct scmp_arg_cmp){
	    .arg = arg, .op = op, .datum_a = a, .datum_b = b};
}

static int
deny_if(scmp_filter_ctx ctx, int errnum, int call, struct scmp_arg_cmp cmp)
{
	return seccomp_rule_add_array(
	    ctx, SCMP_ACT_ERRNO((uint32_t)errnum), call, 1, &cmp);
}

/* Whole system calls. */
static int
add_calls(scmp_filter_ctx ctx)
{
	size_t i;
	int r = 0, call;

	for (i = 0; r == 0 && i < COUNT_OF(denied); i++) {
		call = seccomp_syscall_resolve_name(denied[i]);
		if (call != __NR_SCMP_ERROR)
			r = deny(ctx, EPERM, call);
	}
	for (i = 0; r == 0 && i < COUNT_OF(denied_numbers); i++)
		r = deny(ctx, EPERM, denied_numbers[i]);
	/* its flags are behind a pointer; the library falls back to clone */
	return r != 0 ? r : deny(ctx, ENOSYS, SCMP_SYS(clone3));
}

/* By argument.  The kernel takes 32 bits of most, so masks are used where a
 * wider comparison could be passed by. */
static int
add_arguments(scmp_filter_ctx ctx)
{
	static const uint64_t ioctls[] = {TIOCSTI, TIOCLINUX};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < COUNT_OF(namespaces); i++)
		r = deny_if(ctx, EPERM, SCMP_SYS(clone),
		    compare(
			0, SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	for (i = 0; r == 0 && i < COUNT_OF(personalities); i++)
		r = deny_if(ctx, EPERM, SCMP_SYS(personality),
		    compare(0, SCMP_CMP_MASKED_EQ, personalities[i] | 1U << 31,
			personalities[i]));
	for (i = 0; r == 0 && i < COUNT_OF(ioctls); i++)
		r = deny_if(ctx, EPERM, SCMP_SYS(ioctl),
		    compare(1, SCMP_CMP_MASKED_EQ, 0xffffffff, ioctls[i]));
	return r;
}

/*
 * A file that is left in a workspace with these bits runs as its owner for
 * whoever starts it.  Where a mode is only looked at when a file is made, the
 * argument may hold anything otherwise.  openat2's is behind a pointer: "no
 * such call" makes programs go on without.
 */
static int
add_modes(scmp_filter_ctx ctx)
{
	static const uint64_t bits[] = {S_ISUID, S_ISGID};
	static const struct {
		int call;
		unsigned mode, flags; /* which arguments */
		uint64_t flag;        /* the one that makes; 0: no matter */
	} calls[] = {{SCMP_SYS(chmod), 1, 0, 0}, {SCMP_SYS(fchmod), 1, 0, 0},
	    {SCMP_SYS(fchmodat), 2, 0, 0}, {SYSCALL_FCHMODAT2, 2, 0, 0},
	    {SCMP_SYS(creat), 1, 0, 0}, {SCMP_SYS(mknod), 1, 0, 0},
	    {SCMP_SYS(mknodat), 2, 0, 0}, {SCMP_SYS(open), 2, 1, O_CREAT},
	    {SCMP_SYS(open), 2, 1, O_TMPFILE},
	    {SCMP_SYS(openat), 3, 2, O_CREAT},
	    {SCMP_SYS(openat), 3, 2, O_TMPFILE}};
	struct scmp_arg_cmp cmp[2];
	size_t i, bit;
	int r = 0;

	for (i = 0; i < COUNT_OF(calls); i++)
		for (bit = 0; bit < COUNT_OF(bits); bit++) {
			cmp[0] = compare(calls[i].mode, SCMP_CMP_MASKED_EQ,
			    bits[bit], bits[bit]);
			cmp[1] = compare(calls[i].flags, SCMP_CMP_MASKED_EQ,
			    calls[i].flag, calls[i].flag);
			r = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM),
			    calls[i].call, calls[i].flag == 0 ? 1 : 2, cmp);
			if (r != 0 && r != -EDOM)
				return r;
		}
	return deny(ctx, ENOSYS, SCMP_SYS(openat2));
}

/* Families: UNIX, INET, INET6 and NETLINK_ROUTE, or none of the first three.
 * 64-bit "greater than" catches numbers with high bits set. */
static int
add_sockets(scmp_filter_ctx ctx, bool sockets)
{
	uint64_t family;
	int r, call = SCMP_SYS(socket);

	r = deny_if(
	    ctx, EAFNOSUPPORT, call, compare(0, SCMP_CMP_GT, AF_NETLINK, 0));
	for (family = 0; r == 0 && family < AF_NETLINK; family++)
		if (!sockets || (family != AF_UNIX && family != AF_INET &&
				    family != AF_INET6))
			r = deny_if(ctx, EAFNOSUPPORT, call,
			    compare(0, SCMP_CMP_EQ, family, 0));
	if (r != 0)
		return r;
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAFNOSUPPORT), call, 2,
	    compare(0, SCMP_CMP_EQ, AF_NETLINK, 0),
	    compare(2, SCMP_CMP_NE, 0, 0));
}

static int
export_program(scmp_filter_ctx ctx, struct buf *program, struct err *e)
{
	int fd CLEANUP_FD = memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_set(e, EX_OSERR, errno, "cannot make a memory file");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_set(e, EX_OSERR, -r, "cannot export seccomp rules");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_set(e, EX_OSERR, errno, "cannot read seccomp rules");
	return file_read_fd(fd, "seccomp rules", 1 << 20, program, e);
}

int
filter_build(bool sockets, struct buf *program, struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (ctx == NULL)
		return err_set(e, EX_CONFIG, 0, "seccomp is not available");
	r = seccomp_attr_set(
	    ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* a tree instead of a list: fewer steps a call; older ones lack it */
	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (r == 0)
		r = add_calls(ctx);
	if (r == 0)
		r = add_arguments(ctx);
	if (r == 0)
		r = add_modes(ctx);
	if (r == 0)
		r = add_sockets(ctx, sockets);
	if (r < 0)
		err_set(e, EX_SOFTWARE, -r, "cannot make seccomp rules");
	else
		r = export_program(ctx, program, e);
	seccomp_release(ctx);
	return r < 0 ? -1 : 0;
}

int
filter_enter(const struct buf *program)
{
	struct sock_fprog prog = {
	    .len = (unsigned short)(program->len / sizeof(struct sock_filter)),
	    .filter = (struct sock_filter *)(void *)program->data};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}
