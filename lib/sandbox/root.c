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

static int
make_devices(struct root *r)
{
	static const char *const names[] = {
	    "null", "zero", "full", "random", "urandom", "tty"};
	static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
	    {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
	    {"/proc/self/fd/2", "dev/stderr"}, {"/tmp", "dev/shm"}};
	char path[32];
	size_t i;
	int dir CLEANUP_FD = -1;

	if (place_target(r, "/dev", true) < 0)
		return -1;
	for (i = 0; i < COUNT_OF(names); i++) {
		(void)snprintf(path, sizeof(path), "/dev/%s", names[i]);
		if (place_target(r, path, false) < 0)
			return -1;
		if (mount(path, path + 1, NULL, MS_BIND, NULL) < 0 &&
		    errno != ENOENT)
			return place_fail(r, "bind", path);
	}
	for (i = 0; i < COUNT_OF(links); i++)
		if (symlinkat(links[i][0], r->fd, links[i][1]) < 0)
			return place_fail(r, "link", links[i][1]);
	dir = kernel_open_path(r->fd, "dev", KERNEL_BENEATH);
	return dir < 0 ? place_fail(r, "open", "/dev")
		       : rules_allow_devices(r->rules, dir, r->e);
}

static int
make_tmp(struct root *r, int64_t bytes)
{
	char size[32];
	const struct place_option options[] = {
	    {"mode", "1777"}, {"size", size}};
	int tree CLEANUP_FD = -1;

	(void)snprintf(size, sizeof(size), "%jd",
	    (intmax_t)(bytes > 0 ? bytes : TMP_BYTES));
	tree = place_new(
	    "tmpfs", options, 2, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (tree < 0)
		return place_fail(r, "make", "/tmp");
	if (rules_allow(r->rules, tree, VIEW_WRITE | VIEW_EXEC, true, "/tmp",
		r->e) < 0 ||
	    place_target(r, "/tmp", true) < 0)
		return -1;
	return place_tree(r, tree, "/tmp");
}

/* Where a container hides parts of /proc, the kernel refuses a fresh one in a
 * user namespace: then there is none. */
static int
make_proc(struct root *r)
{
	int tree CLEANUP_FD = place_new("proc", NULL, 0,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
		MOUNT_ATTR_RDONLY);

	if (tree < 0)
		return 0;
	return place_target(r, "/proc", true) < 0
		   ? -1
		   : place_tree(r, tree, "/proc");
}

/* The tmpfs, mounted over "/": the one place that always exists. */
static int
start(struct root *r)
{
	static const struct place_option options[] = {
	    {"mode", "0755"}, {"size", "16m"}};

	r->fd = place_new("tmpfs", options, 2,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (r->fd < 0)
		return place_fail(r, "make a tmpfs for", "/");
	if (move_mount(r->fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return place_fail(r, "mount a tmpfs on", "/");
	if (fchdir(r->fd) < 0)
		return place_fail(r, "enter", "/");
	/* all that is here may be read */
	if (rules_allow(r->rules, r->fd, VIEW_READ, true, "/", r->e) < 0)
		return -1;
	if (mkdirat(r->fd, PLACE_EMPTY_DIR, 0) < 0 ||
	    mknodat(r->fd, PLACE_EMPTY_FILE, S_IFREG, 0) < 0)
		return place_fail(r, "make", PLACE_EMPTY_DIR);
	return 0;
}

/* Nothing can be added any more, and nothing of the machine is left. */
static int
finish(struct root *r)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (unlinkat(r->fd, PLACE_EMPTY_DIR, AT_REMOVEDIR) < 0 ||
	    unlinkat(r->fd, PLACE_EMPTY_FILE, 0) < 0)
		return place_fail(r, "remove", PLACE_EMPTY_DIR);
	if (mount_setattr(r->fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return place_fail(r, "close", "/");
	/* pivot_root(2): "." twice stacks the old root on the new one */
	if (kernel_pivot_root(".", ".") < 0)
		return place_fail(r, "change the root to", "/");
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return place_fail(r, "leave the old root at", "/");
	return 0;
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

int
root_enter(const struct plan *p, const struct view *v,
    const struct spawn_limits *limits, struct rules *rules, struct err *e)
{
	struct root r = {.fd = -1, .rules = rules, .e = e};
	int fd CLEANUP_FD = -1;

	if (start(&r) < 0)
		return -1;
	fd = r.fd;
	if ((v->devices && make_devices(&r) < 0) ||
	    (v->tmp && make_tmp(&r, limits->tmp_bytes) < 0) ||
	    (v->proc && make_proc(&r) < 0))
		return -1;
	if (place_items(&r, p) < 0)
		return -1;
	if (make_workspace(&r, p, v->workspace) < 0 || place_close(&r, p) < 0)
		return -1;
	return finish(&r);
}
