#include "sandbox/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/tree.h"
#include "sandbox/kernel.h"

/* Which file a name led to.  The time of its making is there because the
 * number of a file that is gone may be given to the next. */
struct mark {
	bool there, folder;
	uint32_t major, minor, links;
	uint64_t ino;
	struct statx_timestamp born;
};

struct guard_name {
	char *path;
	unsigned file,
	    folder;         /* the rights that it lacks as the one or other */
	bool writable;      /* the call could have put it there */
	struct mark name;   /* what has the name */
	struct mark target; /* what it leads to */
};

static struct mark
look(const char *path, int flags)
{
	struct mark m;
	struct statx st;

	memset(&m, 0, sizeof(m));
	if (statx(AT_FDCWD, path, flags | AT_NO_AUTOMOUNT,
		STATX_INO | STATX_TYPE | STATX_NLINK | STATX_BTIME, &st) < 0)
		return m;
	m.there = true;
	m.folder = S_ISDIR(st.stx_mode);
	m.major = st.stx_dev_major;
	m.minor = st.stx_dev_minor;
	m.links = m.folder ? 1 : st.stx_nlink;
	m.ino = st.stx_ino;
	if ((st.stx_mask & STATX_BTIME) != 0)
		m.born = st.stx_btime;
	return m;
}

static bool
same(const struct mark *a, const struct mark *b)
{
	return a->there == b->there && a->major == b->major &&
	       a->minor == b->minor && a->ino == b->ino &&
	       a->born.tv_sec == b->born.tv_sec &&
	       a->born.tv_nsec == b->born.tv_nsec;
}

void
guard_take(struct guard *g, const struct view *v)
{
	const unsigned kept = VIEW_READ | VIEW_WRITE;
	const struct view_entry *entry;
	struct guard_name n;
	unsigned around;
	size_t i;

	memset(g, 0, sizeof(*g));
	for (i = 0; i < v->count; i++) {
		entry = &v->entries[i];
		around = view_around(v, entry->path) & kept;
		n.file = around & ~entry->rights;
		n.folder = around & ~entry->below;
		if ((n.file | n.folder) == 0)
			continue;
		n.path = mem_strdup(entry->path);
		n.writable = (around & VIEW_WRITE) != 0;
		n.name = look(n.path, AT_SYMLINK_NOFOLLOW);
		n.target = look(n.path, 0);
		mem_room(&g->names, g->count, &g->cap, sizeof(*g->names));
		g->names[g->count++] = n;
	}
}

/* Split at the last slash, in place; the name. */
static char *
split(char *path)
{
	char *slash = strrchr(path, '/');

	*slash = '\0';
	return slash + 1;
}

/* A new folder in the quarantine: whatever is moved keeps its name there. */
static int
open_quarantine(const char *quarantine, char **path, int *fd)
{
	char id[ULID_TEXT];
	struct err e;

	ulid_make(clock_real(), id);
	*path = mem_printf("%s/%s", quarantine, id);
	return file_open_dir(*path, true, fd, &e);
}

/* Across file systems: copied, then removed. */
static int
carry(int from, int to, const char *name)
{
	struct err e;

	if (renameat(from, name, to, name) == 0)
		return 0;
	if (errno != EXDEV || tree_copy_entry(from, to, name, &e) < 0)
		return -1;
	return file_remove_tree(from, name, &e);
}

/* Take away what was put at a denied name; it must not be reached through a
 * link, which the call may have made. */
static int
move_away(const char *path, const char *quarantine, char **where)
{
	char *folder CLEANUP_FREE = mem_strdup(path);
	const char *name = split(folder);
	int from CLEANUP_FD = -1, up CLEANUP_FD = -1, to CLEANUP_FD = -1;

	if (quarantine == NULL)
		return -1;
	up = kernel_open_path(
	    AT_FDCWD, folder[0] == '\0' ? "/" : folder, KERNEL_NO_SYMLINKS);
	if (up < 0)
		return -1;
	from = openat(up, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || open_quarantine(quarantine, where, &to) < 0)
		return -1;
	return carry(from, to, name);
}

static void
say(struct buf *why, const char *text, const char *path)
{
	buf_printf(
	    why, "%sdenied: '%s' %s", why->len > 0 ? "; " : "", path, text);
}

/* At a free name. */
static bool
check_appeared(const struct guard_name *n, const struct mark *now,
    const char *quarantine, struct buf *why)
{
	char *where CLEANUP_FREE = NULL;

	if ((now->folder ? n->folder : n->file) == 0)
		return false;
	if (!n->writable) {
		say(why, "appeared during the call", n->path);
	} else if (move_away(n->path, quarantine, &where) == 0) {
		say(why, "was made during the call; it is now in", n->path);
		buf_printf(why, " '%s'", where);
	} else {
		say(why, "was made during the call, and is still there",
		    n->path);
	}
	return true;
}

static bool
check_name(const struct guard_name *n, const char *quarantine, struct buf *why)
{
	struct mark name = look(n->path, AT_SYMLINK_NOFOLLOW);
	struct mark target = look(n->path, 0);

	if (!n->name.there && !name.there)
		return false;
	if (!n->name.there)
		return check_appeared(n, &name, quarantine, why);
	if ((n->name.folder ? n->folder : n->file) == 0)
		return false;
	if (!same(&name, &n->name) || !same(&target, &n->target))
		say(why, "was replaced during the call", n->path);
	else if (target.links > n->target.links)
		say(why, "got a second name during the call", n->path);
	else
		return false;
	return true;
}

bool
guard_check(const struct guard *g, const char *quarantine, struct buf *why)
{
	bool denied = false;
	size_t i;

	for (i = 0; i < g->count; i++)
		denied |= check_name(&g->names[i], quarantine, why);
	return denied;
}

void
guard_free(struct guard *g)
{
	while (g->count > 0)
		free(g->names[--g->count].path);
	free(g->names);
	memset(g, 0, sizeof(*g));
}
