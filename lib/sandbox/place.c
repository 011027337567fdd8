#include "sandbox/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/kernel.h"

int
place_fail(struct root *r, const char *what, const char *path)
{
	return err_set(r->e, EX_OSERR, errno, "cannot %s '%s'", what, path);
}

/* A path in the new root, relative to its descriptor. */
static const char *
inside(const char *path)
{
	return path[1] == '\0' ? "." : path + 1;
}

/* A detached mount of a file system without a device. */
int
place_new(const char *type, const struct place_option *options, size_t count,
    unsigned attributes)
{
	int fs CLEANUP_FD = fsopen(type, FSOPEN_CLOEXEC);
	size_t i;

	if (fs < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (fsconfig(fs, FSCONFIG_SET_STRING, options[i].key,
			options[i].value, 0) < 0)
			return -1;
	if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(fs, FSMOUNT_CLOEXEC, attributes);
}

int
place_start(struct root *r, int64_t bytes)
{
	char size[32];
	const struct place_option options[] = {
	    {"mode", "0755"}, {"size", size}};

	(void)snprintf(size, sizeof(size), "%jd", (intmax_t)bytes);
	r->fd = place_new("tmpfs", options, 2,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (r->fd < 0)
		return place_fail(r, "make a tmpfs for", "/");
	if (move_mount(r->fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
		(void)place_fail(r, "mount a tmpfs on", "/");
		fd_cleanup(&r->fd);
		return -1;
	}
	return 0;
}

int
place_ready(struct root *r, const char *path)
{
	if (place_target(r, path, true) < 0)
		return -1;
	if (move_mount(AT_FDCWD, inside(path), r->fd, inside(path), 0) < 0)
		return place_fail(r, "mount", path);
	return 0;
}

int
place_tree(struct root *r, int tree, const char *path)
{
	if (move_mount(tree, "", r->fd, inside(path), MOVE_MOUNT_F_EMPTY_PATH) <
	    0)
		return place_fail(r, "mount", path);
	return 0;
}

static int
make_parents(struct root *r, const char *path)
{
	char *copy CLEANUP_FREE = mem_strdup(inside(path));
	char *slash;

	for (slash = strchr(copy, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(r->fd, copy, 0755) < 0 && errno != EEXIST)
			return place_fail(r, "make", path);
		*slash = '/';
	}
	return 0;
}

/* Something to mount onto.  The parents are tried only when they lack: most
 * are there. */
int
place_target(struct root *r, const char *path, bool folder)
{
	const char *name = inside(path);
	int tries, n;

	for (tries = 0; tries < 2; tries++) {
		n = folder ? mkdirat(r->fd, name, 0755)
			   : mknodat(r->fd, name, S_IFREG | 0444, 0);
		if (n == 0 || errno == EEXIST)
			return 0;
		if (errno != ENOENT || make_parents(r, path) < 0)
			break;
	}
	return place_fail(r, "make", path);
}

static uint64_t
attributes_of(unsigned rights)
{
	uint64_t set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

	if ((rights & VIEW_WRITE) == 0)
		set |= MOUNT_ATTR_RDONLY;
	if ((rights & VIEW_EXEC) == 0)
		set |= MOUNT_ATTR_NOEXEC;
	return set;
}

/* A detached copy of what `fd` is, with these attributes all the way down. */
static int
clone_tree(struct root *r, int fd, const char *name, uint64_t attributes,
    const char *path)
{
	struct mount_attr attr = {.attr_set = attributes};
	int tree = open_tree(fd, name,
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE |
		AT_SYMLINK_NOFOLLOW);

	if (tree < 0)
		return place_fail(r, "bind", path);
	if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
		sizeof(attr)) < 0) {
		(void)place_fail(r, "restrict", path);
		(void)close(tree);
		return -1;
	}
	return tree;
}

/* Mount onto what is already visible in a bound folder, which must still be
 * what the plan looked at. */
static int
attach_nested(struct root *r, int tree, const struct plan_item *item)
{
	struct stat st;
	int fd CLEANUP_FD =
	    kernel_open_path(r->fd, inside(item->path), KERNEL_BENEATH);

	if (fd < 0 || fstat(fd, &st) < 0)
		return place_fail(r, "find", item->path);
	if (st.st_ino != item->ino || st.st_dev != item->dev)
		return err_set(r->e, EX_TEMPFAIL, 0,
		    "'%s' was replaced meanwhile", item->path);
	if (move_mount(tree, "", fd, "",
		MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return place_fail(r, "mount", item->path);
	return 0;
}

/* Inside something bound, where nothing may be made? */
static bool
is_nested(const struct plan_item *item)
{
	return item->in != NULL && item->in->kind == PLAN_BIND;
}

static int
bind_item(struct root *r, const struct plan_item *item)
{
	int tree CLEANUP_FD = clone_tree(
	    r, item->fd, "", attributes_of(item->rights), item->path);

	if (tree < 0 ||
	    rules_allow(r->rules, tree, item->rights & (VIEW_WRITE | VIEW_EXEC),
		item->folder, item->path, r->e) < 0)
		return -1;
	if (is_nested(item))
		return attach_nested(r, tree, item);
	if (place_target(r, item->path, item->folder) < 0)
		return -1;
	return place_tree(r, tree, item->path);
}

/* An empty folder to put things in that are granted deeper down. */
static int
mask_with_room(struct root *r, const struct plan_item *item)
{
	static const struct place_option options[] = {{"mode", "0755"}};
	int tree CLEANUP_FD = place_new("tmpfs", options, 1,
	    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	if (tree < 0)
		return place_fail(r, "mask", item->path);
	return attach_nested(r, tree, item);
}

/* What masked items look like: an empty folder and an empty file, closed to
 * everyone, in the root while it is built. */
#define EMPTY_DIR  ".empty"
#define EMPTY_FILE ".none"

static int
make_masks(struct root *r)
{
	if (r->masks)
		return 0;
	if (mkdirat(r->fd, EMPTY_DIR, 0) < 0 ||
	    mknodat(r->fd, EMPTY_FILE, S_IFREG, 0) < 0)
		return place_fail(r, "make", EMPTY_DIR);
	r->masks = true;
	return 0;
}

/* With mount(2), as in skeleton.c; the caller makes it all read-only. */
int
place_hide(struct root *r, const char *const paths[], size_t count)
{
	size_t i;

	if (make_masks(r) < 0)
		return -1;
	for (i = 0; i < count; i++)
		if (mount(EMPTY_FILE, inside(paths[i]), NULL, MS_BIND, NULL) <
			0 &&
		    errno != ENOENT)
			return place_fail(r, "hide", paths[i]);
	return 0;
}

static int
mask_item(struct root *r, const struct plan_item *item)
{
	int tree CLEANUP_FD = -1;

	if (!is_nested(item))
		return 0; /* in a masked or made folder: not there */
	if (item->deeper)
		return mask_with_room(r, item);
	if (make_masks(r) < 0)
		return -1;
	tree = clone_tree(r, r->fd, item->folder ? EMPTY_DIR : EMPTY_FILE,
	    attributes_of(0), item->path);
	return tree < 0 ? -1 : attach_nested(r, tree, item);
}

int
place_link(struct root *r, const struct plan_item *item)
{
	if (item->target == NULL || make_parents(r, item->path) < 0)
		return -1;
	if (symlinkat(item->target, r->fd, inside(item->path)) < 0 &&
	    errno != EEXIST)
		return place_fail(r, "link", item->path);
	return 0;
}

static int
place_item(struct root *r, const struct plan_item *item)
{
	switch (item->kind) {
	case PLAN_BIND:
		return bind_item(r, item);
	case PLAN_MASK:
		return mask_item(r, item);
	case PLAN_EMPTY:
		return is_nested(item) ? mask_item(r, item)
				       : place_target(r, item->path, true);
	case PLAN_LINK:
		return place_link(r, item);
	}
	return 0;
}

/* Everything that the plan names. */
int
place_items(struct root *r, const struct plan *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (place_item(r, &p->items[i]) < 0)
			return -1;
	return 0;
}

/* Folders of ours in which other things were mounted are closed last. */
int
place_close(struct root *r, const struct plan *p)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->items[i].kind != PLAN_BIND && p->items[i].deeper &&
		    is_nested(&p->items[i]) &&
		    mount_setattr(r->fd, inside(p->items[i].path), 0, &attr,
			sizeof(attr)) < 0)
			return place_fail(r, "close", p->items[i].path);
	if (r->masks && (unlinkat(r->fd, EMPTY_DIR, AT_REMOVEDIR) < 0 ||
			    unlinkat(r->fd, EMPTY_FILE, 0) < 0))
		return place_fail(r, "remove", EMPTY_DIR);
	return 0;
}
