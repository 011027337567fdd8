#include "sandbox/skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/place.h"

#define SKELETON_BYTES (1 << 20) /* names alone: files are mounted */

static const char *const devices[] = {"/dev/null", "/dev/zero", "/dev/full",
    "/dev/random", "/dev/urandom", "/dev/tty"};

/* Which file a name led to.  The time is there because the number of a file
 * that is gone may be given to the next. */
struct skeleton_stamp {
	dev_t dev;
	ino_t ino;
	struct timespec changed;
};

/* All zero when there is nothing. */
static struct skeleton_stamp
stamp_of(const char *path)
{
	struct skeleton_stamp stamp;
	struct stat st;

	memset(&stamp, 0, sizeof(stamp));
	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		stamp.dev = st.st_dev;
		stamp.ino = st.st_ino;
		stamp.changed = st.st_ctim;
	}
	return stamp;
}

static const char *
stamped(const struct skeleton *s, size_t i)
{
	return i < s->view.count ? s->view.entries[i].path
				 : devices[i - s->view.count];
}

static void
take_stamps(struct skeleton *s)
{
	size_t i, n = s->view.count + COUNT_OF(devices);

	s->stamps = mem_grow(s->stamps, n, sizeof(*s->stamps));
	for (i = 0; i < n; i++)
		s->stamps[i] = stamp_of(stamped(s, i));
}

static bool
is_fresh(const struct skeleton *s)
{
	struct skeleton_stamp now;
	size_t i;

	for (i = 0; i < s->view.count + COUNT_OF(devices); i++) {
		now = stamp_of(stamped(s, i));
		if (memcmp(&now, &s->stamps[i], sizeof(now)) != 0)
			return false;
	}
	return true;
}

/*
 * The entries of a view below /etc, borrowed, when all that they do is show a
 * few things of it read-only; else none.
 */
static struct view
etc_of(const struct view *v)
{
	struct view etc = {0};
	const struct view_entry *entry;
	size_t i;

	if (view_find(v, "/etc") != NULL ||
	    (v->workspace != NULL && path_below(v->workspace, "/etc")))
		return etc;
	for (i = 0; i < v->count; i++) {
		entry = &v->entries[i];
		if (!path_below(entry->path, "/etc"))
			continue;
		if ((entry->rights & VIEW_RIGHTS) != VIEW_READ ||
		    (entry->below & VIEW_RIGHTS & ~(unsigned)VIEW_READ) != 0)
			return (struct view){0};
		if (etc.count++ == 0)
			etc.entries = &v->entries[i];
	}
	return etc;
}

static bool
same(const struct view *a, const struct view *b)
{
	const struct view_entry *x = a->entries, *y = b->entries;
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (x[i].rights != y[i].rights || x[i].below != y[i].below ||
		    strcmp(x[i].path, y[i].path) != 0)
			return false;
	return true;
}

static void
copy(struct view *to, const struct view *from)
{
	size_t i;

	view_free(to);
	for (i = 0; i < from->count; i++) {
		view_add(to, from->entries[i].path, from->entries[i].rights);
		to->entries[i].below = from->entries[i].below;
	}
}

/* Only whole things, side by side? */
static bool
is_plain(const struct plan *p)
{
	const struct plan_item *item;
	size_t i;

	for (i = 0; i < p->count; i++) {
		item = &p->items[i];
		if (item->in != NULL ||
		    (item->kind == PLAN_BIND && item->rights != VIEW_READ) ||
		    (item->kind != PLAN_BIND && item->kind != PLAN_LINK))
			return false;
	}
	return p->count > 0;
}

/* A folder that is a mount of its own, so that it can be moved. */
static int
make_mount(struct root *r, const char *path)
{
	if (place_target(r, path, true) < 0)
		return -1;
	return mount(path + 1, path + 1, NULL, MS_BIND, NULL) < 0
		   ? place_fail(r, "bind", path)
		   : 0;
}

static int
close_mount(struct root *r, const char *path, uint64_t set, unsigned flags)
{
	struct mount_attr attr = {.attr_set = set};

	return mount_setattr(r->fd, path + 1, flags, &attr, sizeof(attr)) < 0
		   ? place_fail(r, "restrict", path)
		   : 0;
}

/*
 * With mount(2): a detached tree for each costs three times as much.  Going
 * by name is safe here: who could put something else there owns the machine.
 */
static int
make_etc(struct root *r, const struct plan *p)
{
	const struct plan_item *item;
	size_t i;

	if (make_mount(r, "/etc") < 0)
		return -1;
	for (i = 0; i < p->count; i++) {
		item = &p->items[i];
		if (item->kind == PLAN_LINK) {
			if (place_link(r, item) < 0)
				return -1;
		} else if (place_target(r, item->path, item->folder) < 0) {
			return -1;
		} else if (mount(item->path, item->path + 1, NULL,
			       MS_BIND | MS_REC, NULL) < 0) {
			return place_fail(r, "bind", item->path);
		}
	}
	return close_mount(r, "/etc",
	    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		MOUNT_ATTR_NOEXEC,
	    AT_RECURSIVE);
}

static int
make_devices(struct root *r)
{
	static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
	    {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
	    {"/proc/self/fd/2", "dev/stderr"}, {"/tmp", "dev/shm"}};
	size_t i;

	if (make_mount(r, "/dev") < 0)
		return -1;
	for (i = 0; i < COUNT_OF(devices); i++) {
		if (place_target(r, devices[i], false) < 0)
			return -1;
		if (mount(devices[i], devices[i] + 1, NULL, MS_BIND, NULL) <
			0 &&
		    errno != ENOENT)
			return place_fail(r, "bind", devices[i]);
	}
	for (i = 0; i < COUNT_OF(links); i++)
		if (symlinkat(links[i][0], r->fd, links[i][1]) < 0)
			return place_fail(r, "link", links[i][1]);
	/* devices can be written all the same, but not get another mode */
	return close_mount(r, "/dev",
	    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
	    AT_RECURSIVE);
}

/* A new one takes the place of the old. */
static int
mount_over(struct skeleton *s, struct root *r)
{
	if (s->mounted && umount2(".", MNT_DETACH) < 0)
		return place_fail(r, "leave", "/");
	s->mounted = false;
	if (place_start(r, SKELETON_BYTES) < 0)
		return -1;
	s->mounted = true;
	return 0;
}

static int
make(struct skeleton *s, struct err *e)
{
	struct plan plan CLEANUP(plan_free) = {0};
	struct root r = {.fd = -1, .e = e};
	int fd CLEANUP_FD = -1;
	struct err ignored;

	/* what it says is said again when the call's own root is made */
	s->etc = plan_make(&plan, &s->view, &ignored) == 0 && is_plain(&plan);
	if (mount_over(s, &r) < 0)
		return -1;
	fd = r.fd;
	if (fchdir(fd) < 0)
		return place_fail(&r, "enter", "/");
	return make_devices(&r) < 0 || (s->etc && make_etc(&r, &plan) < 0) ? -1
									   : 0;
}

int
skeleton_fit(struct skeleton *s, struct view *v, struct err *e)
{
	struct view etc = etc_of(v);
	mode_t mask;

	if (!s->whole || (etc.count > 0 && !same(&etc, &s->view)) ||
	    !is_fresh(s)) {
		if (etc.count > 0)
			copy(&s->view, &etc);
		take_stamps(s); /* before it is looked at: too old, not new */
		mask = umask(0);
		s->whole = make(s, e) == 0;
		(void)umask(mask);
	}
	v->etc = s->etc && etc.count > 0;
	return s->whole ? 0 : -1;
}
