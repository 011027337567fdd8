#include "sandbox/plan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "sandbox/kernel.h"

/* What the private root makes itself and never shows of the machine. */
static bool
is_reserved(const struct view *v, const char *path)
{
	return path_below(path, "/proc") || path_below(path, "/sys") ||
	       path_below(path, "/dev") ||
	       (v->etc && path_below(path, "/etc")) ||
	       (v->tmp && strcmp(path, "/tmp") == 0);
}

static char *
link_target(int fd)
{
	char text[4096];
	ssize_t n = readlinkat(fd, "", text, sizeof(text));

	return n < 0 || (size_t)n == sizeof(text) ? NULL
						  : mem_dup(text, (size_t)n);
}

/* The real path of an open file, as the kernel has it; NULL when unknown. */
static char *
real_path(int fd)
{
	char name[64], text[4096];
	ssize_t n;

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, text, sizeof(text));
	return n <= 0 || (size_t)n == sizeof(text) || text[0] != '/'
		   ? NULL
		   : mem_dup(text, (size_t)n);
}

static struct plan_item *
add_item(struct plan *p, enum plan_kind kind, char *take_path, int take_fd,
    const struct stat *st)
{
	struct plan_item *item;

	mem_room(&p->items, p->count, &p->cap, sizeof(*p->items));
	item = &p->items[p->count++];
	*item = (struct plan_item){.kind = kind,
	    .path = take_path,
	    .fd = take_fd,
	    .folder = S_ISDIR(st->st_mode),
	    .dev = st->st_dev,
	    .ino = st->st_ino,
	    .links = st->st_nlink};
	return item;
}

/* Mask what `path` leads to through links: under its real name it would
 * stay in sight. */
static void
mask_real(struct plan *p, const char *path)
{
	struct stat st;
	char *real;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return;
	real = real_path(fd);
	if (real == NULL || fstat(fd, &st) < 0) {
		free(real);
		(void)close(fd);
		return;
	}
	(void)add_item(p, PLAN_MASK, real, fd, &st);
}

/* A name that leads through a symbolic link is not the name of what it
 * reaches: a tool could have put the link there. */
static int
look_through_link(struct plan *p, const struct view *v,
    const struct view_entry *entry, struct err *e)
{
	unsigned lost =
	    view_around(v, entry->path) & ~(entry->rights & entry->below);

	/* a denial, even if of writing alone: to be on the safe side */
	if ((lost & (VIEW_READ | VIEW_WRITE)) != 0) {
		mask_real(p, entry->path);
		return 0;
	}
	if ((entry->rights & VIEW_OPTIONAL) != 0 ||
	    (v->workspace != NULL && path_below(entry->path, v->workspace)))
		return 0;
	return err_set(e, EX_CONFIG, 0,
	    "'%s' leads through a symbolic link; grant the real path",
	    entry->path);
}

/* A file of the profile that not every user of the machine may read: there is
 * a password in it. */
static bool
is_closed(const struct view_entry *entry, const struct stat *st)
{
	return (entry->rights & VIEW_OPTIONAL) != 0 && S_ISREG(st->st_mode) &&
	       (st->st_mode & S_IROTH) == 0;
}

static int
look_at(struct plan *p, const struct view *v, const struct view_entry *entry,
    struct err *e)
{
	unsigned rights = entry->rights & VIEW_RIGHTS;
	struct plan_item *item;
	struct stat st;
	int fd = kernel_open_path(AT_FDCWD, entry->path, KERNEL_NO_SYMLINKS);

	if (fd < 0 && errno == ELOOP)
		return look_through_link(p, v, entry, e);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(
		    e, EX_OSERR, errno, "cannot look at '%s'", entry->path);
	if (is_closed(entry, &st)) {
		(void)close(fd);
		return 0;
	}
	item = add_item(p, PLAN_BIND, mem_strdup(entry->path), fd, &st);
	if (S_ISDIR(st.st_mode) && rights != 0 &&
	    (entry->below & VIEW_RIGHTS) == 0)
		item->kind = PLAN_EMPTY;
	if (S_ISDIR(st.st_mode))
		rights = entry->below & VIEW_RIGHTS;
	item->rights = rights;
	if (rights == 0 && item->kind == PLAN_BIND)
		item->kind = PLAN_MASK;
	if (!S_ISLNK(st.st_mode))
		return 0;
	if (item->kind == PLAN_MASK) {
		mask_real(p, entry->path);
	} else {
		item->kind = PLAN_LINK;
		item->target = link_target(fd);
	}
	return 0;
}

/* "/" itself cannot be bound as a tree, or the machine's /proc, /sys and /dev
 * would come with it: what is in it is taken one by one. */
static int
look_at_root(
    struct plan *p, const struct view *v, unsigned below, struct err *e)
{
	struct view_entry one = {
	    .rights = below | VIEW_OPTIONAL, .below = below};
	struct dirent *d;
	DIR *dir = opendir("/");
	int r = 0;

	if (dir == NULL)
		return err_set(e, EX_OSERR, errno, "cannot read '/'");
	while (r == 0 && (d = readdir(dir)) != NULL) {
		if (!file_is_name(d->d_name))
			continue;
		one.path = mem_printf("/%s", d->d_name);
		if (!is_reserved(v, one.path) &&
		    strcmp(view_find(v, one.path)->path, "/") == 0)
			r = look_at(p, v, &one, e);
		free(one.path);
	}
	(void)closedir(dir);
	return r;
}

static int
compare(const void *a, const void *b)
{
	const struct plan_item *x = a, *y = b;
	int c = strcmp(x->path, y->path);

	/* a mask first, so that it is the one that is kept */
	return c != 0
		   ? c
		   : (int)(y->kind == PLAN_MASK) - (int)(x->kind == PLAN_MASK);
}

static void
drop_item(struct plan_item *item)
{
	fd_cleanup(&item->fd);
	free(item->path);
	free(item->target);
}

/* Sort, keep one item a path, and find what each lies in. */
static void
arrange(struct plan *p)
{
	size_t i, j, n = 0;

	if (p->count == 0)
		return;
	qsort(p->items, p->count, sizeof(*p->items), compare);
	for (i = 0; i < p->count; i++) {
		if (n > 0 &&
		    strcmp(p->items[n - 1].path, p->items[i].path) == 0)
			drop_item(&p->items[i]);
		else
			p->items[n++] = p->items[i];
	}
	p->count = n;
	for (i = 0; i < n; i++) {
		p->items[i].in = NULL;
		for (j = i; j-- > 0 && p->items[i].in == NULL;)
			if (p->items[j].folder &&
			    path_below(p->items[i].path, p->items[j].path))
				p->items[i].in = &p->items[j];
	}
}

/* Drop what changes nothing: a mask where nothing is in sight, a link inside
 * a bound folder. */
static void
drop_idle(struct plan *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->count; i++) {
		struct plan_item *item = &p->items[i];
		bool shown = item->in != NULL && item->in->kind == PLAN_BIND;

		if ((item->kind == PLAN_MASK && item->in == NULL) ||
		    (item->kind == PLAN_LINK && shown))
			item->rights = ~0U;
	}
	for (i = 0; i < p->count; i++) {
		if (p->items[i].rights == ~0U)
			drop_item(&p->items[i]);
		else
			p->items[n++] = p->items[i];
	}
	p->count = n;
	arrange(p);
}

/* Each folder between a restricted item and the writable one that it lies in
 * is bound onto itself: a mount point cannot be renamed away. */
static int
pin_ancestors(struct plan *p, const struct plan_item *item, struct err *e)
{
	unsigned rights = item->in->rights;
	size_t top = strlen(item->in->path);
	char *path CLEANUP_FREE = mem_strdup(item->path);
	struct stat st;
	char *slash;
	int fd;

	while ((slash = strrchr(path, '/')) != NULL &&
	       (size_t)(slash - path) > top) {
		*slash = '\0';
		fd = kernel_open_path(AT_FDCWD, path, KERNEL_NO_SYMLINKS);
		if (fd < 0 || fstat(fd, &st) < 0)
			return err_set(
			    e, EX_OSERR, errno, "cannot look at '%s'", path);
		add_item(p, PLAN_BIND, mem_strdup(path), fd, &st)->rights =
		    rights;
	}
	return 0;
}

static int
restrict_items(struct plan *p, struct err *e)
{
	struct plan pins = {0};
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < p->count; i++) {
		const struct plan_item *item = &p->items[i];

		if (item->in == NULL || item->in->kind != PLAN_BIND ||
		    (item->in->rights & ~item->rights) == 0)
			continue;
		if (!item->folder && item->links > 1)
			r = err_set(e, EX_CONFIG, 0,
			    "'%s' is restricted but has %ju names (hard "
			    "links); remove the others",
			    item->path, (uintmax_t)item->links);
		else if ((item->in->rights & VIEW_WRITE) != 0)
			r = pin_ancestors(&pins, item, e);
	}
	for (i = 0; i < pins.count; i++) {
		mem_room(&p->items, p->count, &p->cap, sizeof(*p->items));
		p->items[p->count++] = pins.items[i];
	}
	free(pins.items);
	return r;
}

static int
check_workspace(const struct view *v, struct err *e)
{
	struct stat st;
	int fd CLEANUP_FD = -1;

	if (v->workspace == NULL || strcmp(v->workspace, "/") == 0)
		return 0;
	if (is_reserved(v, v->workspace))
		return err_set(e, EX_CONFIG, 0,
		    "'%s' cannot be a workspace; choose another folder",
		    v->workspace);
	fd = kernel_open_path(AT_FDCWD, v->workspace, KERNEL_NO_SYMLINKS);
	if (fd < 0)
		return err_set(
		    e, EX_NOINPUT, errno, "workspace '%s'", v->workspace);
	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(e, EX_NOINPUT, 0,
		    "workspace '%s' is not a folder", v->workspace);
	return 0;
}

static void
mark_deeper(struct plan *p)
{
	const struct plan_item *up;
	size_t i;

	for (i = 0; i < p->count; i++) {
		if (p->items[i].kind == PLAN_MASK)
			continue;
		for (up = p->items[i].in; up != NULL; up = up->in)
			p->items[up - p->items].deeper = true;
	}
}

int
plan_make(struct plan *p, const struct view *v, struct err *e)
{
	const struct view_entry *entry;
	size_t i;
	int r = check_workspace(v, e);

	for (i = 0; r == 0 && i < v->count; i++) {
		entry = &v->entries[i];
		if (strcmp(entry->path, "/") == 0)
			r = look_at_root(p, v, entry->below, e);
		else if (!is_reserved(v, entry->path))
			r = look_at(p, v, entry, e);
	}
	if (r < 0)
		return -1;
	arrange(p);
	drop_idle(p);
	if (restrict_items(p, e) < 0)
		return -1;
	arrange(p);
	mark_deeper(p);
	return 0;
}

void
plan_free(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		drop_item(&p->items[i]);
	free(p->items);
	memset(p, 0, sizeof(*p));
}
