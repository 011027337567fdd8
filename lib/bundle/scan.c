#include "bundle/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bundle/folders.h"
#include "bundle/tar.h"

/* A file with several names: found again by its inode. */
struct linked {
	uint64_t inode;
	size_t index;
};

struct walk {
	const struct scan_options *opt;
	struct snapshot *out;
	struct buf path; /* "work/..." of what is being looked at */
	size_t old_at;   /* in the old snapshot: not before this one */
	uint64_t device;
	struct linked *linked;
	size_t linked_count, linked_cap;
};

static const size_t top_len = sizeof(ENTRY_WORK) - 1;

static enum entry_type
type_of(mode_t m)
{
	switch (m & S_IFMT) {
	case S_IFDIR:
		return ENTRY_DIR;
	case S_IFLNK:
		return ENTRY_SYMLINK;
	case S_IFIFO:
		return ENTRY_FIFO;
	case S_IFSOCK:
		return ENTRY_SOCKET;
	case S_IFCHR:
		return ENTRY_CHAR;
	case S_IFBLK:
		return ENTRY_BLOCK;
	default:
		return ENTRY_FILE;
	}
}

static void
fill(struct entry *n, struct stamp *st, const struct seen *s)
{
	n->type = type_of(s->mode);
	n->mode = n->type == ENTRY_SYMLINK ? 0 : s->mode & 01777;
	n->mtime = s->mtime;
	n->size = n->type == ENTRY_FILE ? s->size : 0;
	st->inode = s->inode;
	st->changed = s->ctime;
}

/* Both snapshots are sorted: the old one is walked along. */
static void
use_old(struct walk *w, struct entry *n, struct stamp *st)
{
	const struct snapshot *old = w->opt->old;
	const struct entry *o;
	const struct stamp *ot;

	if (old == NULL || old->device != w->device)
		return;
	while (w->old_at < old->count &&
	       entry_compare(old->entry[w->old_at].path, n->path) < 0)
		w->old_at++;
	if (w->old_at == old->count)
		return;
	o = &old->entry[w->old_at];
	ot = &old->stamp[w->old_at];
	if (entry_compare(o->path, n->path) != 0 || !ot->known ||
	    (o->type != ENTRY_FILE && o->type != ENTRY_HARDLINK) ||
	    o->size != n->size || o->mtime != n->mtime ||
	    ot->inode != st->inode || ot->changed != st->changed)
		return;
	n->sha256 = o->sha256;
	st->known = true;
}

static void
add(struct walk *w, const struct name *c)
{
	struct snapshot *s = w->out;
	struct stamp *st;
	struct entry *n = snapshot_add(s, &st);

	n->path = snapshot_keep(s, w->path.data, w->path.len);
	fill(n, st, &c->seen);
	if (n->type == ENTRY_SYMLINK && c->link != NULL)
		n->link = snapshot_keep(s, c->link, strlen(c->link));
	if (n->type == ENTRY_DIR && (c->mount || c->seen.device != w->device))
		n->type = ENTRY_MOUNT;
	if (n->type != ENTRY_FILE)
		return;
	use_old(w, n, st);
	if (c->seen.links > 1) {
		mem_room(&w->linked, w->linked_count, &w->linked_cap,
		    sizeof(*w->linked));
		w->linked[w->linked_count++] =
		    (struct linked){st->inode, s->count - 1};
	}
}

static void
add_folder(struct walk *w, const struct folder *f)
{
	size_t len = w->path.len, i;

	for (i = 0; i < f->names.count; i++) {
		const struct name *c = &f->names.name[i];

		if (c->gone)
			continue;
		buf_putc(&w->path, '/');
		buf_puts(&w->path, c->text);
		add(w, c);
		if (c->folder != NULL &&
		    w->out->entry[w->out->count - 1].type == ENTRY_DIR)
			add_folder(w, c->folder);
		buf_cut(&w->path, len);
	}
}

static int
by_inode(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Of each file's names in the tree the first holds the contents. */
static void
resolve_links(struct walk *w)
{
	struct snapshot *s = w->out;
	struct entry *n;
	size_t i, leader = 0;

	if (w->linked_count == 0)
		return;
	qsort(w->linked, w->linked_count, sizeof(*w->linked), by_inode);
	for (i = 1; i < w->linked_count; i++) {
		if (w->linked[i].inode != w->linked[leader].inode) {
			leader = i;
			continue;
		}
		n = &s->entry[w->linked[i].index];
		n->type = ENTRY_HARDLINK;
		n->link = s->entry[w->linked[leader].index].path;
		s->stamp[w->linked[i].index].leader = w->linked[leader].index;
	}
}

static int
look(int root, const struct scan_options *opt, struct snapshot *out,
    struct err *e)
{
	struct folders f CLEANUP(folders_free) = {0};
	struct snapshot s = {.began = clock_real()};
	struct walk w = {.opt = opt, .out = &s};
	struct name top = {.text = ""};
	struct stat st;

	if (fstat(root, &st) < 0)
		return err_set(e, EX_IOERR, errno, "cannot read the workspace");
	if (folders_read(root, opt->skip_device, opt->skip_inode, &f, e) < 0)
		return -1;
	names_see(&st, &top.seen);
	w.device = s.device = st.st_dev;
	snapshot_reserve(&s, f.names + 1);
	buf_puts(&w.path, ENTRY_WORK);
	add(&w, &top);
	add_folder(&w, f.all[0]);
	resolve_links(&w);
	buf_free(&w.path);
	free(w.linked);
	*out = s;
	return 0;
}

static void *
load(void *arg)
{
	tar_preload();
	return arg;
}

/* Signals are the calling thread's. */
static bool
start_loading(pthread_t *loader)
{
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(loader, NULL, load, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r == 0;
}

int
scan_tree(int root, const struct scan_options *opt, struct snapshot *out,
    struct err *e)
{
	pthread_t loader;
	bool loading = opt->to_save && start_loading(&loader);
	int r = look(root, opt, out, e);

	if (loading)
		(void)pthread_join(loader, NULL);
	return r;
}

int
scan_open(int root, const struct entry *n, int *fd, struct err *e)
{
	const char *name = n->path.data + top_len + 1;
	int f = folders_open(root, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (f < 0)
		return err_set(e, errno == EACCES ? EX_NOPERM : EX_IOERR, errno,
		    "cannot read '%s'", name);
	*fd = f;
	return 0;
}

bool
scan_unchanged(int fd, const struct entry *n, const struct stamp *st)
{
	struct stamp now = {0};
	struct entry have = {0};
	struct seen seen;
	struct stat s;

	if (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode))
		return false;
	names_see(&s, &seen);
	fill(&have, &now, &seen);
	return have.size == n->size && have.mtime == n->mtime &&
	       now.inode == st->inode && now.changed == st->changed;
}

int
scan_refresh(int fd, struct entry *n, struct stamp *st, struct err *e)
{
	struct seen seen;
	struct stat s;
	enum entry_type was = n->type;

	if (fstat(fd, &s) < 0)
		return err_set(e, EX_IOERR, errno, "cannot read '%s'",
		    n->path.data + top_len + 1);
	if (!S_ISREG(s.st_mode))
		return err_set(e, EX_TEMPFAIL, 0,
		    "'%s' became something else while it was read",
		    n->path.data + top_len + 1);
	names_see(&s, &seen);
	fill(n, st, &seen);
	n->type = was;
	return 0;
}
