#include "tool/wrote.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sandbox/kernel.h"

#define DEPTH_MOST 100
#define TICK_MOST  (20 * CLOCK_MILLI)

struct wrote_folder {
	dev_t dev;
	ino_t ino;
	char *path;
};

/* A look at all that may be written, before or after. */
struct walk {
	struct wrote *before; /* to note folders in; or NULL */
	const struct wrote *w;
	unsigned labels;
	struct labelled_list *out;
	size_t seen;
	bool over;
};

static int
compare(const void *a, const void *b)
{
	const struct wrote_folder *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return 0;
}

static void
note(struct wrote *w, const char *path, const struct stat *st)
{
	mem_room(&w->folders, w->count, &w->cap, sizeof(*w->folders));
	w->folders[w->count++] =
	    (struct wrote_folder){st->st_dev, st->st_ino, mem_strdup(path)};
}

static bool
is_new(const struct wrote *w, const struct stat *st)
{
	return st->st_ctim.tv_sec > w->since.tv_sec ||
	       (st->st_ctim.tv_sec == w->since.tv_sec &&
		   st->st_ctim.tv_nsec >= w->since.tv_nsec);
}

/* Was this folder here before?  What moved with its folder has not changed
 * itself. */
static bool
was_here(const struct wrote *w, const char *path, const struct stat *st)
{
	const struct wrote_folder key = {st->st_dev, st->st_ino, NULL}, *f;

	if (!is_new(w, st))
		return true;
	f = w->count == 0 ? NULL
			  : bsearch(&key, w->folders, w->count,
				sizeof(*w->folders), compare);
	return f != NULL && strcmp(f->path, path) == 0;
}

static void
changed(struct walk *k, const char *path, bool tree)
{
	if (k->before == NULL)
		labelled_add_path(
		    k->out, k->w->workspace, path, tree, k->labels);
}

static bool
may_write(const struct view *v, const char *path)
{
	const struct view_entry *e = view_find(v, path);

	return e != NULL &&
	       ((strcmp(e->path, path) == 0 ? e->rights | e->below : e->below) &
		   VIEW_WRITE) != 0;
}

static void walk_folder(struct walk *, int fd, const char *path, int depth);

static void
walk_entry(
    struct walk *k, int dir, const char *name, const char *path, int depth)
{
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* gone meanwhile */
	if (!S_ISDIR(st.st_mode)) {
		if (k->before == NULL && is_new(k->w, &st))
			changed(k, path, false);
		return;
	}
	if (!may_write(&k->w->view, path))
		return;
	if (k->before != NULL)
		note(k->before, path, &st);
	else if (!was_here(k->w, path, &st)) {
		changed(k, path, true);
		return;
	}
	fd = depth == DEPTH_MOST
		 ? -1
		 : openat(dir, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		changed(k, path, true);
	else
		walk_folder(k, fd, path, depth + 1);
}

/* Closes `fd`. */
static void
walk_folder(struct walk *k, int fd, const char *path, int depth)
{
	DIR *stream = fdopendir(fd);
	struct dirent *d;

	if (stream == NULL) {
		(void)close(fd);
		changed(k, path, true);
		return;
	}
	while (!k->over && (d = readdir(stream)) != NULL) {
		char *full CLEANUP_FREE = NULL;

		if (!file_is_name(d->d_name))
			continue;
		k->over = ++k->seen > WROTE_MOST;
		full =
		    mem_printf("%s/%s", path[1] == '\0' ? "" : path, d->d_name);
		walk_entry(k, fd, d->d_name, full, depth);
	}
	(void)closedir(stream);
}

/* Devices are no place to leave anything, and what the kernel shows is not
 * the call's. */
static bool
is_machine(const char *path)
{
	return path_below(path, "/dev") || path_below(path, "/proc") ||
	       path_below(path, "/sys");
}

static void
walk_top(struct walk *k, const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		if (k->before == NULL && is_new(k->w, &st))
			changed(k, path, false);
		return;
	}
	k->over = false;
	k->seen = 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		changed(k, path, true);
	else
		walk_folder(k, fd, path, 0);
	if (k->over)
		changed(k, path, true);
}

static void
walk_all(struct walk *k)
{
	const struct view *v = &k->w->view;
	const struct view_entry *e;
	size_t i;

	for (i = 0; i < v->count; i++) {
		e = &v->entries[i];
		if (((e->rights | e->below) & VIEW_WRITE) != 0 &&
		    (view_around(v, e->path) & VIEW_WRITE) == 0 &&
		    !is_machine(e->path))
			walk_top(k, e->path);
	}
}

static void
copy_view(struct view *to, const struct view *from)
{
	size_t i;

	*to = *from;
	to->workspace = mem_strdup(from->workspace);
	to->entries = mem_new(from->count, sizeof(*to->entries));
	to->cap = from->count;
	for (i = 0; i < from->count; i++) {
		to->entries[i] = from->entries[i];
		to->entries[i].path = mem_strdup(from->entries[i].path);
	}
}

static void
begin(struct wrote *w, const struct view *v, const char *workspace)
{
	*w = (struct wrote){.workspace = mem_strdup(workspace)};
	copy_view(&w->view, v);
	/* the clock that inodes are stamped with */
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &w->since);
}

void
wrote_all(struct wrote *w, const struct view *v, const char *workspace)
{
	struct walk k = {.before = w, .w = w};

	begin(w, v, workspace);
	walk_all(&k);
	if (w->count > 0)
		qsort(w->folders, w->count, sizeof(*w->folders), compare);
}

void
wrote_one(struct wrote *w, const struct view *v, const char *workspace,
    const char *path)
{
	begin(w, v, workspace);
	w->one = path_join(workspace, path == NULL ? "." : path);
}

void
wrote_forget(struct wrote *w, int64_t since)
{
	/* inodes are stamped with the time of the last tick */
	since -= TICK_MOST;
	while (w->count > 0)
		free(w->folders[--w->count].path);
	w->since = (struct timespec){
	    .tv_sec = since / CLOCK_SECOND, .tv_nsec = since % CLOCK_SECOND};
}

/* Is it reached by its name alone?  Else what was written is elsewhere. */
static bool
is_direct(const char *path)
{
	int fd CLEANUP_FD =
	    kernel_open_path(AT_FDCWD, path, KERNEL_NO_SYMLINKS);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode);
}

void
wrote_find(const struct wrote *w, unsigned labels, struct labelled_list *out)
{
	struct walk k = {.w = w, .labels = labels, .out = out};

	if (w->workspace == NULL)
		return;
	if (w->one != NULL)
		changed(&k, w->one, false);
	if (w->one == NULL || !is_direct(w->one))
		walk_all(&k);
}

void
wrote_free(struct wrote *w)
{
	while (w->count > 0)
		free(w->folders[--w->count].path);
	free(w->folders);
	view_free(&w->view);
	free(w->workspace);
	free(w->one);
	*w = (struct wrote){0};
}
