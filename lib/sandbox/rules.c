#include "sandbox/rules.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "sandbox/kernel.h"

int
rules_open(struct rules *r, int abi, struct err *e)
{
	r->abi = abi;
	r->fd = -1;
	if (abi == 0)
		return 0;
	r->fd = kernel_landlock_new(abi);
	if (r->fd < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot make Landlock rules");
	return 0;
}

static int
allow(struct rules *r, int fd, uint64_t access, const char *path, struct err *e)
{
	access &= kernel_landlock_access(r->abi);
	if (r->fd < 0 || access == 0)
		return 0;
	if (kernel_landlock_allow(r->fd, fd, access) < 0)
		return err_set(e, EX_OSERR, errno,
		    "cannot add a Landlock rule for '%s'", path);
	return 0;
}

int
rules_allow(struct rules *r, int fd, unsigned rights, bool folder,
    const char *path, struct err *e)
{
	uint64_t access = 0;

	if ((rights & VIEW_READ) != 0)
		access |= LANDLOCK_READ_FILE | LANDLOCK_READ_DIR;
	if ((rights & VIEW_WRITE) != 0)
		access |= LANDLOCK_WRITE_FILE | LANDLOCK_CHANGE_DIR |
			  LANDLOCK_REFER | LANDLOCK_TRUNCATE;
	if ((rights & VIEW_EXEC) != 0)
		access |= LANDLOCK_EXECUTE;
	if (!folder)
		access &= LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE |
			  LANDLOCK_TRUNCATE | LANDLOCK_EXECUTE;
	return allow(r, fd, access, path, e);
}

int
rules_allow_devices(struct rules *r, int fd, struct err *e)
{
	return allow(r, fd,
	    LANDLOCK_READ_FILE | LANDLOCK_READ_DIR | LANDLOCK_WRITE_FILE |
		LANDLOCK_TRUNCATE | LANDLOCK_IOCTL_DEV,
	    "/dev", e);
}

int
rules_allow_port(struct rules *r, unsigned port, struct err *e)
{
	if (r->fd < 0 || r->abi < 4)
		return 0;
	if (kernel_landlock_connect(r->fd, port) < 0)
		return err_set(e, EX_OSERR, errno,
		    "cannot add a Landlock rule for port %u", port);
	return 0;
}

static int
allow_devices_outside(struct rules *r, struct err *e)
{
	static const char *const names[] = {"/dev/null", "/dev/zero",
	    "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
	size_t i;

	for (i = 0; i < COUNT_OF(names); i++) {
		int fd CLEANUP_FD = open(names[i], O_PATH | O_CLOEXEC);

		if (fd >= 0 && rules_allow(r, fd, VIEW_READ | VIEW_WRITE, false,
				   names[i], e) < 0)
			return -1;
	}
	return 0;
}

int
rules_allow_plan(
    struct rules *r, const struct plan *p, const struct view *v, struct err *e)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		const struct plan_item *item = &p->items[i];

		if (item->in != NULL && item->in->kind == PLAN_BIND &&
		    (item->in->rights & ~item->rights) != 0 &&
		    item->kind != PLAN_LINK)
			return err_set(e, EX_CONFIG, 0,
			    "cannot deny '%s' inside '%s' without a mount "
			    "namespace",
			    item->path, item->in->path);
		if (item->kind == PLAN_BIND &&
		    rules_allow(r, item->fd, item->rights, item->folder,
			item->path, e) < 0)
			return -1;
	}
	return v->devices ? allow_devices_outside(r, e) : 0;
}
