#include "sandbox/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/filter.h"
#include "sandbox/kernel.h"

/* The launcher has locked what could give any back (machine.c). */
static int
drop_capabilities(struct err *e)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}, {0}};

	if (syscall(SYS_capset, &head, none) < 0)
		return err_set(e, EX_OSERR, errno, "cannot drop capabilities");
	return 0;
}

int
confine_enter(const struct rules *rules, const struct buf *filter,
    bool privileged, struct err *e)
{
	if (privileged && drop_capabilities(e) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, EX_OSERR, errno, "cannot set no_new_privs");
	if (rules->fd >= 0 && kernel_landlock_enter(rules->fd) < 0)
		return err_set(e, EX_OSERR, errno, "cannot enter Landlock");
	if (filter_enter(filter) < 0)
		return err_set(e, EX_OSERR, errno, "cannot install seccomp");
	return 0;
}

static int
limit(int what, int64_t value, const char *name, struct err *e)
{
	struct rlimit old, new;

	if (getrlimit((__rlimit_resource_t)what, &old) < 0)
		return err_set(e, EX_OSERR, errno, "limit on %s", name);
	new.rlim_cur = (rlim_t)value;
	/* SIGXCPU at the one, which says what it is, SIGKILL at the other */
	new.rlim_max = new.rlim_cur + (what == RLIMIT_CPU);
	if (new.rlim_cur > old.rlim_max)
		new.rlim_cur = old.rlim_max;
	if (new.rlim_max > old.rlim_max)
		new.rlim_max = old.rlim_max;
	if (setrlimit((__rlimit_resource_t)what, &new) < 0)
		return err_set(e, EX_OSERR, errno, "limit on %s", name);
	return 0;
}

int
confine_limits(const struct spawn_limits *l, struct err *e)
{
	if (limit(RLIMIT_CORE, 0, "core files", e) < 0)
		return -1;
	if (l->cpu_seconds > 0 &&
	    limit(RLIMIT_CPU, l->cpu_seconds, "processor time", e) < 0)
		return -1;
	if (l->file_bytes > 0 &&
	    limit(RLIMIT_FSIZE, l->file_bytes, "size of files", e) < 0)
		return -1;
	if (l->memory_bytes > 0 &&
	    limit(RLIMIT_DATA, l->memory_bytes, "memory", e) < 0)
		return -1;
	if (l->processes > 0 &&
	    limit(RLIMIT_NPROC, l->processes, "processes", e) < 0)
		return -1;
	if (l->open_files > 0 &&
	    limit(RLIMIT_NOFILE, l->open_files, "open files", e) < 0)
		return -1;
	return 0;
}
