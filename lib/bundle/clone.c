#include "bundle/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/pool.h"
#include "base/tree.h"

/* Files up to this size are read at once, and fewer than MANY are not worth a
 * thread. */
enum { SMALL = 64 << 10, MANY = 64 };

struct copying {
	const struct clone *in;
	int to;
};

static const char *
below(const struct entry *n)
{
	return n->path.len == sizeof(ENTRY_WORK) - 1
		   ? "."
		   : n->path.data + sizeof(ENTRY_WORK);
}

static struct timespec
time_of(int64_t ns)
{
	return (struct timespec){ns / CLOCK_SECOND, ns % CLOCK_SECOND};
}

/* ---- one file ------------------------------------------------------------------- */

/* Small enough: one read, and the digest of exactly that. */
static int
copy_small(int in, int out, struct entry *n, struct err *e)
{
	char room[SMALL];
	size_t have = 0;
	ssize_t got;

	do {
		got = pread(in, room + have, sizeof(room) - have, (off_t)have);
		if (got < 0 && errno != EINTR)
			return err_set(
			    e, EX_IOERR, errno, "cannot read '%s'", below(n));
		have += got > 0 ? (size_t)got : 0;
	} while (got != 0 && have < sizeof(room));
	digest_of(room, have, &n->sha256);
	return file_write_all(out, room, have, below(n), e);
}

static int
copy_contents(int in, int out, struct entry *n, bool known, struct err *e)
{
	if (ioctl(out, FICLONE, in) < 0) {
		if (n->size < SMALL)
			return copy_small(in, out, n, e);
		if (tree_copy_bytes(in, out, n->size, below(n), e) < 0)
			return -1;
	}
	if (known)
		return 0;
	if (lseek(out, 0, SEEK_SET) < 0 || digest_of_fd(out, &n->sha256) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot read '%s'", below(n));
	return 0;
}

/* Until what was copied is what stands there. */
static int
copy_still(const struct clone *c, size_t i, int in, int out, struct err *e)
{
	struct entry *n = &c->tree->entry[i];
	struct stamp *st = &c->tree->stamp[i];
	int try;

	if (c->still)
		return copy_contents(in, out, n, true, e);
	for (try = 0; try < SCAN_TRIES; try++) {
		if (try > 0 &&
		    (usleep(2000u << try) < 0 ||
			scan_refresh(in, n, st, e) < 0 ||
			ftruncate(out, 0) < 0 || lseek(out, 0, SEEK_SET) < 0))
			return err_set(
			    e, EX_IOERR, errno, "cannot copy '%s'", below(n));
		if (copy_contents(in, out, n, st->known && try == 0, e) < 0)
			return -1;
		st->known = scan_unchanged(in, n, st);
		if (st->known)
			return 0;
	}
	return err_set(
	    e, EX_TEMPFAIL, 0, "'%s' changes while it is read", below(n));
}

static int
copy_file(void *arg, size_t i, struct err *e)
{
	const struct copying *p = arg;
	struct entry *n = &p->in->tree->entry[i];
	int in CLEANUP_FD = -1, out CLEANUP_FD = -1;
	struct timespec times[2];
	struct err why = {0};

	if (n->type != ENTRY_FILE)
		return 0;
	if (scan_open(p->in->root, n, &in, &why) < 0) {
		if (why.errnum == ENOENT || why.errnum == ENOTDIR ||
		    why.errnum == ELOOP) {
			n->type = ENTRY_GONE;
			return 0;
		}
		*e = why;
		return -1;
	}
	if (file_open(p->to, below(n), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
		0600, &out, e) < 0 ||
	    copy_still(p->in, i, in, out, e) < 0)
		return -1;
	times[0] = times[1] = time_of(n->mtime);
	if (fchmod(out, n->mode & 0777) < 0 || futimens(out, times) < 0)
		return err_set(e, EX_IOERR, errno, "cannot set '%s'", below(n));
	if (p->in->sync && file_sync(out, below(n), e) < 0)
		return -1;
	return fd_close(&out, below(n), e);
}

/* ---- what is around them --------------------------------------------------------- */

static int
make_folders(const struct snapshot *s, int to, struct err *e)
{
	const struct entry *n;
	size_t i;

	for (i = 1; i < s->count; i++) {
		n = &s->entry[i];
		if (n->type == ENTRY_DIR && mkdirat(to, below(n), 0700) < 0)
			return err_set(e, EX_CANTCREAT, errno,
			    "cannot make '%s'", below(n));
	}
	return 0;
}

static int
make_hard_link(struct snapshot *s, size_t i, int to, struct err *e)
{
	struct entry *n = &s->entry[i];
	const struct entry *first = &s->entry[s->stamp[i].leader];

	if (first->type == ENTRY_GONE)
		return err_set(e, EX_TEMPFAIL, 0,
		    "'%s' vanished while it was read", below(first));
	n->size = first->size;
	n->sha256 = first->sha256;
	s->stamp[i].known = true;
	if (linkat(to, below(first), to, below(n), 0) < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make '%s'", below(n));
	return 0;
}

static int
make_links(struct snapshot *s, int to, struct err *e)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		const struct entry *n = &s->entry[i];

		if (n->type == ENTRY_HARDLINK &&
		    make_hard_link(s, i, to, e) < 0)
			return -1;
		if (n->type == ENTRY_SYMLINK &&
		    symlinkat(n->link.data, to, below(n)) < 0)
			return err_set(e, EX_CANTCREAT, errno,
			    "cannot make '%s'", below(n));
	}
	return 0;
}

/* The innermost first: making what is in a folder changes its time. */
static int
set_folders(const struct snapshot *s, int to, bool sync, struct err *e)
{
	const struct entry *n;
	struct timespec times[2];
	size_t i = s->count;

	while (i-- > 0) {
		n = &s->entry[i];
		if (n->type != ENTRY_DIR)
			continue;
		times[0] = times[1] = time_of(n->mtime);
		if (fchmodat(to, below(n), n->mode & 0777, 0) < 0 ||
		    utimensat(to, below(n), times, 0) < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot set '%s'", below(n));
		if (sync && file_sync_folder(to, below(n), e) < 0)
			return -1;
	}
	return 0;
}

static void
drop_gone(struct snapshot *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->count; i++) {
		if (s->entry[i].type == ENTRY_GONE)
			continue;
		s->entry[n] = s->entry[i];
		s->stamp[n++] = s->stamp[i];
	}
	s->count = n;
}

int
clone_tree(const struct clone *c, int dir, const char *name, struct err *e)
{
	int to CLEANUP_FD = -1;

	if (mkdirat(dir, name, 0700) < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make '%s'", name);
	if (file_open(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &to,
		e) < 0 ||
	    make_folders(c->tree, to, e) < 0 ||
	    pool_each(c->tree->count, c->tree->count > MANY, copy_file,
		&(struct copying){c, to}, e) < 0 ||
	    make_links(c->tree, to, e) < 0 ||
	    set_folders(c->tree, to, c->sync, e) < 0)
		return -1;
	if (c->still)
		return 0;
	drop_gone(c->tree);
	snapshot_digest(c->tree, &c->tree->work);
	return 0;
}
