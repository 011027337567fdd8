#include "agent/restoreapply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "bundle/folders.h"

#define CHANGED "it is neither as it was nor as it is to be"

struct applying {
	const struct restoreplan *plan;
	int work, stage; /* `stage` is -1 when it is gone */
	struct conflicts *out;
	bool *left; /* one a path: it is a conflict */
	/* The folder of the path at hand, and that path's last component. */
	int parent, why; /* `parent` -1: errno why */
	char *folder;
	const char *base;
};

void
conflicts_add(struct conflicts *c, const char *path, const char *why)
{
	mem_room(&c->item, c->count, &c->cap, sizeof(*c->item));
	c->item[c->count++] =
	    (struct conflict){mem_strdup(path), mem_strdup(why)};
}

void
conflicts_free(struct conflicts *c)
{
	while (c->count > 0) {
		free(c->item[--c->count].path);
		free(c->item[c->count].why);
	}
	free(c->item);
	*c = (struct conflicts){0};
}

/* A conflict, or, where the machine is at fault, an error. */
static int
leave(struct applying *a, size_t i, int errnum, const char *why, struct err *e)
{
	const char *path = restoreplan_path(a->plan, i);

	switch (errnum) {
	case EIO:
	case ENOSPC:
	case EDQUOT:
	case ENOMEM:
	case EROFS:
	case EMFILE:
	case ENFILE:
		return err_set(
		    e, EX_IOERR, errnum, "cannot put '%s' back", path);
	default:
		break;
	}
	if (!a->left[i])
		conflicts_add(
		    a->out, path, errnum != 0 ? strerror(errnum) : why);
	a->left[i] = true;
	return 0;
}

/* ---- looking ------------------------------------------------------------------------------------ */

static int
open_folder(int work, const char *path, size_t len)
{
	char *dir CLEANUP_FREE = mem_dup(len == 0 ? "." : path, len + !len);

	return folders_open(work, dir, O_RDONLY | O_DIRECTORY);
}

/* Stand at a path: its folder is opened, through no link. */
static void
stand(struct applying *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	a->base = slash == NULL ? path : slash + 1;
	if (a->folder != NULL && a->parent >= 0 && strlen(a->folder) == len &&
	    memcmp(a->folder, path, len) == 0)
		return;
	fd_cleanup(&a->parent);
	free(a->folder);
	a->folder = mem_dup(path, len);
	a->parent = open_folder(a->work, path, len);
	a->why = errno;
}

/* Does the open file hold what the entry says? */
static bool
holds(int fd, const struct entry *n)
{
	struct digest d;
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size == n->size && (st.st_mode & 01777) == n->mode &&
	       digest_of_fd(fd, &d) == 0 && digest_equal(&d, &n->sha256);
}

static bool
is_file(int dir, const char *base, const struct entry *n)
{
	int fd CLEANUP_FD =
	    openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0 && holds(fd, n);
}

static bool
is_link(int dir, const char *base, const struct entry *n)
{
	char text[ENTRY_PATH_MAX + 2];
	ssize_t len = readlinkat(dir, base, text, sizeof(text));

	return len >= 0 && (size_t)len == n->link.len &&
	       memcmp(text, n->link.data, n->link.len) == 0;
}

static bool
is_folder(const struct applying *a)
{
	struct stat st;

	return a->parent >= 0 &&
	       fstatat(a->parent, a->base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

static bool
is_absent(const struct applying *a)
{
	struct stat st;

	if (a->parent < 0)
		return a->why == ENOENT || a->why == ENOTDIR;
	return fstatat(a->parent, a->base, &st, AT_SYMLINK_NOFOLLOW) < 0 &&
	       errno == ENOENT;
}

/* The folder of the file that a hard link follows, and that file's name. */
static int
open_leader(const struct applying *a, const struct entry *n, const char **name)
{
	const char *path = n->link.data + sizeof(ENTRY_WORK);
	const char *slash = strrchr(path, '/');

	*name = slash == NULL ? path : slash + 1;
	return open_folder(
	    a->work, path, slash == NULL ? 0 : (size_t)(slash - path));
}

/* Is the path the same file as the one that this hard link follows? */
static bool
follows(const struct applying *a, const struct entry *n)
{
	const char *name;
	int dir CLEANUP_FD = open_leader(a, n, &name);
	struct stat is, other;

	return dir >= 0 && a->parent >= 0 &&
	       fstatat(a->parent, a->base, &is, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(dir, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
	       is.st_ino == other.st_ino && is.st_dev == other.st_dev;
}

/* Is what stands at the path the entry?  Folders count without their mode. */
static bool
is_entry(const struct applying *a, const struct entry *n)
{
	if (n->type == ENTRY_GONE)
		return is_absent(a);
	if (a->parent < 0)
		return false;
	switch (n->type) {
	case ENTRY_DIR:
		return is_folder(a);
	case ENTRY_FILE:
	case ENTRY_HARDLINK:
		return is_file(a->parent, a->base, n);
	case ENTRY_SYMLINK:
		return is_link(a->parent, a->base, n);
	default:
		return false; /* it could not be made again */
	}
}

/* ---- one path ------------------------------------------------------------------------------------ */

/* What goes, or makes room for another kind of thing; the last path first. */
static int
clear(struct applying *a, size_t i, struct err *e)
{
	const struct entry *b = &a->plan->before.entry[i];
	const struct entry *n = &a->plan->after.entry[i];
	bool was = b->type == ENTRY_DIR, will = n->type == ENTRY_DIR;
	int r;

	if (b->type == ENTRY_GONE || !entry_stored(b->type) ||
	    (n->type != ENTRY_GONE && was == will) || is_absent(a) ||
	    (n->type != ENTRY_GONE && is_folder(a) != was))
		return 0;
	if (!is_entry(a, b))
		return leave(a, i, 0, CHANGED, e);
	r = unlinkat(a->parent, a->base, was ? AT_REMOVEDIR : 0);
	if (r < 0 && (errno == ENOTEMPTY || errno == EEXIST))
		return leave(a, i, 0, "it holds files that are not saved", e);
	return r < 0 && errno != ENOENT ? leave(a, i, errno, NULL, e) : 0;
}

static int
make_folder(struct applying *a, size_t i, struct err *e)
{
	if (is_folder(a))
		return 0;
	if (a->parent < 0)
		return leave(a, i, a->why, NULL, e);
	return mkdirat(a->parent, a->base, 0700) < 0
		   ? leave(a, i, errno, NULL, e)
		   : 0;
}

/* Does the path's place wait for the new file, and how is it put there? */
static bool
may_put(const struct applying *a, size_t i, unsigned *flags)
{
	const struct entry *b = &a->plan->before.entry[i];

	*flags = b->type == ENTRY_GONE || b->type == ENTRY_DIR
		     ? RENAME_NOREPLACE
		     : 0;
	return a->parent >= 0 &&
	       (b->type == ENTRY_DIR ? is_absent(a) : is_entry(a, b));
}

static int
put(struct applying *a, size_t i, const char *from, unsigned flags,
    struct err *e)
{
	if (a->stage < 0)
		return leave(a, i, 0, "its new contents are gone", e);
	if (renameat2(a->stage, from, a->parent, a->base, flags) == 0)
		return 0;
	/* Some file systems know no flags; it was just seen to be absent. */
	if (errno == EINVAL && flags != 0 &&
	    renameat(a->stage, from, a->parent, a->base) == 0)
		return 0;
	return leave(a, i, errno, NULL, e);
}

/* Only its mode is another. */
static int
put_mode(struct applying *a, size_t i, struct err *e)
{
	const struct entry *b = &a->plan->before.entry[i];
	const struct entry *n = &a->plan->after.entry[i];
	int fd CLEANUP_FD = -1;

	if (is_entry(a, n))
		return 0;
	if (a->parent >= 0)
		fd = openat(a->parent, a->base,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || !holds(fd, b))
		return leave(a, i, a->parent < 0 ? a->why : 0, CHANGED, e);
	return fchmod(fd, n->mode) < 0 ? leave(a, i, errno, NULL, e) : 0;
}

static int
put_file(struct applying *a, size_t i, struct err *e)
{
	char *from CLEANUP_FREE =
	    mem_printf(RESTORE_TREE "/%s", restoreplan_path(a->plan, i));
	const struct entry *b = &a->plan->before.entry[i];
	unsigned flags;

	if (restoreplan_mode_only(a->plan, i))
		return put_mode(a, i, e);
	/* A file of its own that was another's name may hold the same. */
	if (is_entry(a, &a->plan->after.entry[i]) &&
	    !(b->type == ENTRY_HARDLINK && follows(a, b)))
		return 0;
	if (!may_put(a, i, &flags))
		return leave(a, i, a->parent < 0 ? a->why : 0, CHANGED, e);
	return put(a, i, from, flags, e);
}

/* The file that a hard link follows stands in its place by now. */
static int
put_hardlink(struct applying *a, size_t i, struct err *e)
{
	static const char tmp[] = "link";
	const struct entry *n = &a->plan->after.entry[i];
	const char *name;
	int dir CLEANUP_FD = open_leader(a, n, &name);
	unsigned flags;

	if (dir < 0 || !is_file(dir, name, n))
		return leave(a, i, 0, "the file that it follows is another", e);
	if (follows(a, n))
		return 0;
	if (!may_put(a, i, &flags))
		return leave(a, i, a->parent < 0 ? a->why : 0, CHANGED, e);
	if (a->stage >= 0) {
		(void)unlinkat(a->stage, tmp, 0);
		if (linkat(dir, name, a->stage, tmp, 0) < 0)
			return leave(a, i, errno, NULL, e);
	}
	return put(a, i, tmp, flags, e);
}

/* Modes last, since one may forbid further changes. */
static int
finish_folder(struct applying *a, size_t i, struct err *e)
{
	const struct entry *n = &a->plan->after.entry[i];
	struct timespec t[2] = {
	    {n->mtime / CLOCK_SECOND, n->mtime % CLOCK_SECOND}};

	t[1] = t[0];
	if (!is_folder(a))
		return leave(a, i, 0, CHANGED, e);
	if (fchmodat(a->parent, a->base, n->mode, 0) < 0 ||
	    (a->plan->before.entry[i].type != ENTRY_DIR &&
		utimensat(a->parent, a->base, t, 0) < 0))
		return leave(a, i, errno, NULL, e);
	return 0;
}

/* ---- all ----------------------------------------------------------------------------------------- */

enum pass { CLEAR, PUT, LINK, FINISH };

static int
step(struct applying *a, enum pass pass, size_t i, struct err *e)
{
	enum entry_type t = a->plan->after.entry[i].type;

	if (a->left[i] || (pass == LINK && t != ENTRY_HARDLINK) ||
	    (pass == FINISH && t != ENTRY_DIR))
		return 0;
	if (t == ENTRY_WITHHELD)
		return leave(a, i, 0, "it held a secret: no bundle has it", e);
	if (a->plan->before.entry[i].type == ENTRY_WITHHELD)
		return leave(
		    a, i, 0, "it holds a secret, so it is not saved", e);
	stand(a, restoreplan_path(a->plan, i));
	if (pass == CLEAR)
		return clear(a, i, e);
	if (pass == LINK)
		return put_hardlink(a, i, e);
	if (pass == FINISH)
		return finish_folder(a, i, e);
	if (t == ENTRY_DIR)
		return make_folder(a, i, e);
	return t == ENTRY_FILE || t == ENTRY_SYMLINK ? put_file(a, i, e) : 0;
}

static int
apply(struct applying *a, struct err *e)
{
	static const struct {
		enum pass pass;
		bool backward; /* what is in a folder before the folder */
	} passes[] = {
	    {CLEAR, true}, {PUT, false}, {LINK, false}, {FINISH, true}};
	size_t n = a->plan->after.count, p, i;

	for (p = 0; p < COUNT_OF(passes); p++) {
		/* The folder at hand may be another by now. */
		fd_cleanup(&a->parent);
		for (i = 0; i < n; i++)
			if (step(a, passes[p].pass,
				passes[p].backward ? n - 1 - i : i, e) < 0)
				return -1;
	}
	if (syncfs(a->work) < 0)
		return err_set(e, EX_IOERR, errno, "cannot sync");
	return 0;
}

int
restoreplan_apply(const struct restoreplan *p, int work, const char *name,
    struct conflicts *out, struct err *e)
{
	int stage CLEANUP_FD =
	    openat(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct applying a = {.plan = p,
	    .work = work,
	    .stage = stage,
	    .out = out,
	    .left = mem_new(p->after.count + 1, sizeof(bool)),
	    .parent = -1};
	int r = apply(&a, e);

	fd_cleanup(&a.parent);
	free(a.folder);
	free(a.left);
	return r;
}
