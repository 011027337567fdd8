#include "bundle/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "bundle/entry.h"

/* Folders are kept open between reading and looking, but not all: deep trees
 * would need more descriptors than there are. */
enum { OPEN_MAX = 200 };

/* Fewer names than these are not worth a thread. */
#define MANY ((size_t)1000)

struct walk {
	int root;
	uint64_t skip_device, skip_inode;
	struct ignore ignore;
	struct folders *out;
	struct buf path;
};

void
folders_free(struct folders *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		names_free(&f->all[i]->names);
		fd_cleanup(&f->all[i]->fd);
		free(f->all[i]->path);
		free(f->all[i]);
	}
	free(f->all);
	*f = (struct folders){0};
}

int
folders_open(int root, const char *path, int flags)
{
	struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		       RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
	long fd;

	do
		fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

static int
open_folder(int root, const char *path)
{
	return folders_open(
	    root, path[0] == '\0' ? "." : path, O_RDONLY | O_DIRECTORY);
}

static int
read_rules(struct walk *w, int dir, struct err *e)
{
	struct buf text CLEANUP_BUF = {0};
	int fd CLEANUP_FD =
	    folders_open(dir, IGNORE_FILE, O_RDONLY | O_NONBLOCK);
	struct stat st;

	/* A link or a folder of that name holds no rules. */
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	if (file_read_fd(fd, IGNORE_FILE, IGNORE_MAX, &text, e) < 0)
		return -1;
	ignore_add(&w->ignore, buf_str(&text), text.len,
	    w->path.len > 0 ? w->path.len + 1 : 0);
	return 0;
}

/* Not every file system says what a name is. */
static void
settle_type(int dir, struct name *c)
{
	struct stat st;

	if (c->type == DT_UNKNOWN &&
	    fstatat(dir, c->text, &st, AT_SYMLINK_NOFOLLOW) == 0)
		c->type = S_ISDIR(st.st_mode) ? DT_DIR : DT_REG;
}

static int read_folder(struct walk *, struct name *as, struct err *);

static int
read_names(struct walk *w, int *dir, struct folder *f, struct err *e)
{
	size_t rules = w->ignore.count, len = w->path.len, i;
	int r = names_read(*dir, &f->names, e);

	if (r == 0 && names_has(&f->names, IGNORE_FILE))
		r = read_rules(w, *dir, e);
	if (r < 0)
		return err_wrap(e, "folder '%s'", len > 0 ? f->path : ".");
	w->out->names += f->names.count;
	for (i = 0; i < f->names.count; i++)
		settle_type(*dir, &f->names.name[i]);
	f->fd = w->out->count <= OPEN_MAX ? *dir : -1;
	if (f->fd < 0)
		fd_cleanup(dir);
	*dir = -1;
	for (i = 0; r == 0 && i < f->names.count; i++) {
		struct name *c = &f->names.name[i];

		if (len > 0)
			buf_putc(&w->path, '/');
		buf_puts(&w->path, c->text);
		if (ignore_matches(&w->ignore, buf_str(&w->path), w->path.len,
			c->type == DT_DIR))
			c->gone = true;
		else if (w->path.len + sizeof(ENTRY_WORK) > ENTRY_PATH_MAX)
			r = err_set(e, EX_DATAERR, 0,
			    "'%.200s...' is longer than %d bytes (name it in "
			    "%s)",
			    w->path.data, ENTRY_PATH_MAX, IGNORE_FILE);
		else if (c->type == DT_DIR)
			r = read_folder(w, c, e);
		buf_cut(&w->path, len);
	}
	ignore_cut(&w->ignore, rules);
	return r;
}

/* The folder whose path is `w->path`; `as` is its name, NULL for the top. */
static int
read_folder(struct walk *w, struct name *as, struct err *e)
{
	int fd CLEANUP_FD = open_folder(w->root, buf_str(&w->path));
	struct folder *f;
	struct stat st;

	if (fd < 0 && as != NULL && errno == EXDEV) {
		as->mount = true;
		return 0;
	}
	/* Removed meanwhile: names_stat will find out what it is now. */
	if (fd < 0 && as != NULL &&
	    (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, errno == EACCES ? EX_NOPERM : EX_IOERR, errno,
		    "cannot read folder '%s'", as != NULL ? w->path.data : ".");
	if (as != NULL && w->skip_inode != 0 && st.st_ino == w->skip_inode &&
	    st.st_dev == w->skip_device) {
		as->gone = true;
		return 0;
	}
	f = mem_new(1, sizeof(*f));
	f->fd = -1;
	f->path = mem_dup(buf_str(&w->path), w->path.len);
	if (as != NULL)
		as->folder = f;
	mem_room(&w->out->all, w->out->count, &w->out->cap, sizeof(f));
	w->out->all[w->out->count++] = f;
	return read_names(w, &fd, f, e);
}

/* Looking at the names, shared by threads. */
struct looking {
	int root;
	const struct folders *folders;
};

static int
look(void *arg, size_t index, struct err *e)
{
	const struct looking *p = arg;
	struct folder *f = p->folders->all[index];
	int fd CLEANUP_FD = f->fd >= 0 ? f->fd : open_folder(p->root, f->path);
	size_t i;

	f->fd = -1;
	if (fd >= 0) {
		if (names_stat(fd, &f->names, e) < 0)
			return err_wrap(e, "folder '%s'", f->path);
		return 0;
	}
	if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		return err_set(
		    e, EX_IOERR, errno, "cannot read folder '%s'", f->path);
	for (i = 0; i < f->names.count; i++)
		f->names.name[i].gone = true;
	return 0;
}

int
folders_read(int root, uint64_t skip_device, uint64_t skip_inode,
    struct folders *out, struct err *e)
{
	struct folders f = {0};
	struct walk w = {.root = root,
	    .skip_device = skip_device,
	    .skip_inode = skip_inode,
	    .out = &f};
	int r = read_folder(&w, NULL, e);

	if (r == 0)
		r = pool_each(f.count, f.names > MANY, look,
		    &(struct looking){root, &f}, e);
	ignore_free(&w.ignore);
	buf_free(&w.path);
	if (r < 0)
		folders_free(&f);
	else
		*out = f;
	return r;
}
