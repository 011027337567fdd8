#include "sandbox/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/kernel.h"
#include "sandbox/place.h"

#define TMP_BYTES ((int64_t)512 << 20)

/* The skeleton's, and what may be done with them. */
static int
take_devices(struct root *r)
{
	int dir CLEANUP_FD = -1;

	if (place_ready(r, "/dev") < 0)
		return -1;
	dir = kernel_open_path(r->fd, "dev", KERNEL_BENEATH);
	return dir < 0 ? place_fail(r, "open", "/dev")
		       : rules_allow_devices(r->rules, dir, r->e);
}

/* A folder of the root's own file system, whose size is that of /tmp: all but
 * this mount of it is closed in the end. */
static int
make_tmp(struct root *r)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_NOEXEC};
	int tree CLEANUP_FD = -1;

	if (mkdirat(r->fd, "tmp", 01777) < 0)
		return place_fail(r, "make", "/tmp");
	tree = open_tree(r->fd, "tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return place_fail(r, "bind", "/tmp");
	if (rules_allow(
		r->rules, tree, VIEW_WRITE | VIEW_EXEC, true, "/tmp", r->e) < 0)
		return -1;
	return place_tree(r, tree, "/tmp");
}

/* Where a container hides parts of /proc, the kernel refuses a fresh one in a
 * user namespace: then there is none.  What tells of the kernel or of keys is
 * hidden: modes do not keep uid 0 from it. */
static int
make_proc(struct root *r)
{
	static const char *const secret[] = {"/proc/kcore", "/proc/key-users",
	    "/proc/keys", "/proc/kmsg", "/proc/kpagecgroup", "/proc/kpagecount",
	    "/proc/kpageflags", "/proc/slabinfo", "/proc/sysrq-trigger",
	    "/proc/timer_list", "/proc/vmallocinfo"};
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	int tree CLEANUP_FD = place_new("proc", NULL, 0,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	if (tree < 0)
		return 0;
	if (place_target(r, "/proc", true) < 0 ||
	    place_tree(r, tree, "/proc") < 0 ||
	    place_hide(r, secret, COUNT_OF(secret)) < 0)
		return -1;
	return mount_setattr(r->fd, "proc", AT_RECURSIVE, &attr, sizeof(attr)) <
		       0
		   ? place_fail(r, "close", "/proc")
		   : 0;
}

/*
 * The skeleton lies on "/", and this root will lie above it: unmounted at the
 * end is what is uppermost there, which must be the machine's root with all
 * that it holds.  So the skeleton is put where it is in nobody's way.
 */
static int
put_skeleton_aside(struct root *r)
{
	return move_mount(AT_FDCWD, ".", AT_FDCWD, "/dev", 0) < 0
		   ? place_fail(r, "move", "/")
		   : 0;
}

/* Up to here the working folder is the skeleton. */
static int
start(struct root *r, const struct view *v)
{
	/* all that is here may be read */
	if (rules_allow(r->rules, r->fd, VIEW_READ, true, "/", r->e) < 0)
		return -1;
	if ((v->devices && take_devices(r) < 0) ||
	    (v->etc && place_ready(r, "/etc") < 0))
		return -1;
	if (fchdir(r->fd) < 0)
		return place_fail(r, "enter", "/");
	return 0;
}

/* ".." of the root leads to what is mounted over it: nothing may be. */
static int
check_alone(struct root *r)
{
	struct stat root, up;

	if (fstat(r->fd, &root) < 0 || fstatat(AT_FDCWD, "/..", &up, 0) < 0)
		return place_fail(r, "look above", "/");
	if (root.st_dev != up.st_dev || root.st_ino != up.st_ino)
		return err_set(
		    r->e, EX_SOFTWARE, 0, "something lies over the root");
	return 0;
}

/* Nothing can be added any more, and nothing of the machine is left. */
static int
finish(struct root *r)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (mount_setattr(r->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return place_fail(r, "close", "/");
	/* pivot_root(2): "." twice stacks the old root on the new one */
	if (kernel_pivot_root(".", ".") < 0)
		return place_fail(r, "change the root to", "/");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return place_fail(r, "leave the old root at", "/");
	return check_alone(r);
}

/* An ungranted workspace is still where relative names start. */
static int
make_workspace(struct root *r, const struct plan *p, const char *path)
{
	size_t i;

	if (path == NULL || strcmp(path, "/") == 0)
		return 0;
	for (i = 0; i < p->count; i++)
		if (p->items[i].kind == PLAN_BIND &&
		    path_below(path, p->items[i].path))
			return 0;
	return place_target(r, path, true);
}

/* At the top, where nothing of the machine is ever bound over it unseen. */
static int
put_bundle(struct root *r, struct slice bundle)
{
	int fd CLEANUP_FD = -1;

	if (bundle.len == 0)
		return 0;
	fd = openat(r->fd, SANDBOX_BUNDLE + 1,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return place_fail(r, "make", SANDBOX_BUNDLE);
	return file_write_all(
	    fd, bundle.data, bundle.len, SANDBOX_BUNDLE, r->e);
}

int
root_enter(const struct plan *p, const struct view *v,
    const struct spawn_limits *limits, struct slice bundle, struct rules *rules,
    struct err *e)
{
	struct root r = {.fd = -1, .rules = rules, .e = e};
	int fd CLEANUP_FD = -1;

	if (put_skeleton_aside(&r) < 0 ||
	    place_start(
		&r, limits->tmp_bytes > 0 ? limits->tmp_bytes : TMP_BYTES) < 0)
		return -1;
	fd = r.fd;
	if (start(&r, v) < 0 || (v->tmp && make_tmp(&r) < 0) ||
	    (v->proc && make_proc(&r) < 0))
		return -1;
	if (place_items(&r, p) < 0 || put_bundle(&r, bundle) < 0)
		return -1;
	if (make_workspace(&r, p, v->workspace) < 0 || place_close(&r, p) < 0)
		return -1;
	return finish(&r);
}
