#include "sandbox/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"
#include "sandbox/kernel.h"
#include "sandbox/proc.h"

uint64_t
machine_namespaces(const struct machine *m)
{
	if (!m->contained)
		return 0;
	return KERNEL_CLONE_NEWNS | KERNEL_CLONE_NEWPID | KERNEL_CLONE_NEWIPC |
	       KERNEL_CLONE_NEWUTS | KERNEL_CLONE_NEWCG;
}

/* In a new user namespace: its owner is the same user as outside. */
static int
map_user(const struct machine *m)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%u %u 1\n", m->uid, m->uid);
	if (proc_write("/proc/self/uid_map", text) < 0 ||
	    proc_write("/proc/self/setgroups", "deny") < 0)
		return -1;
	(void)snprintf(text, sizeof(text), "%u %u 1\n", m->gid, m->gid);
	return proc_write("/proc/self/gid_map", text);
}

/* Capabilities that a program could gain by execve: none, for this process
 * and all that it makes.  Those held stay, for the launcher's work. */
static int
lock_capabilities(void)
{
	unsigned long cap;

	if (prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP |
					 SECBIT_NO_CAP_AMBIENT_RAISE |
					 SECURE_ALL_LOCKS) < 0)
		return -1;
	for (cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		;
	if (errno != EINVAL) /* past the last one */
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Some systems let a user make namespaces and then refuse every mount. */
static int
try_mount(void)
{
	int fs CLEANUP_FD = -1, tree CLEANUP_FD = -1;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	tree = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	return tree < 0 ? -1 : 0;
}

/* Root needs no user namespace, unless a container took its powers. */
static int
enter_namespaces(const struct machine *m)
{
	if (m->uid != 0 || unshare(CLONE_NEWNS) < 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || map_user(m) < 0)
			return -1;
	}
	if (try_mount() < 0)
		return -1;
	/* never shown, and each call would copy all that is mounted there;
	 * where it is locked, only time is lost */
	(void)umount2("/sys", MNT_DETACH);
	return lock_capabilities();
}

static int
refuse(const struct machine *m, enum sandbox_mode mode, const char *missing,
    struct err *e)
{
	if (mode == SANDBOX_STRICT)
		return err_set(e, EX_CONFIG, 0,
		    "no sandbox: %s (--sandbox=best-effort goes on without)",
		    missing);
	if (m->uid == 0)
		return err_set(e, EX_CONFIG, 0,
		    "no sandbox: %s; uid 0 is not run without", missing);
	if (m->abi == 0)
		return err_set(e, EX_CONFIG, 0,
		    "no sandbox at all: %s; and no Landlock", missing);
	return 0;
}

int
machine_enter(struct machine *m, enum sandbox_mode mode, char *missing,
    size_t room, struct err *e)
{
	char reason[128];

	*m = (struct machine){.contained = true,
	    .abi = kernel_landlock_abi(),
	    .uid = geteuid(),
	    .gid = getegid()};
	missing[0] = '\0';
	if (enter_namespaces(m) == 0) {
		if (m->abi == 0)
			(void)snprintf(missing, room,
			    "no Landlock in this kernel (the second layer)");
		return 0;
	}
	m->contained = false;
	(void)snprintf(missing, room,
	    "this system allows %s no namespaces (%s): no private root, "
	    "process tree or /tmp; other processes, pathname sockets and "
	    "metadata of all files are in reach.  What holds: %s"
	    "no sockets, tracing or mounts (seccomp)",
	    m->uid == 0 ? "uid 0" : "users",
	    strerror_r(errno, reason, sizeof(reason)),
	    m->abi == 0 ? "" : "files by grant (Landlock), ");
	return refuse(m, mode, missing, e);
}
