#include "bundle/savefile.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* Files of at most this size are read before anything of them is written;
 * larger ones as they are written. */
#define SMALL ((int64_t)FRAMER_FULL)

/* Something read that `e->errnum` says is not there any more? */
static bool
vanished(const struct err *e)
{
	return e->errnum == ENOENT || e->errnum == ENOTDIR ||
	       e->errnum == ELOOP;
}

static const char *
shown(const struct entry *n)
{
	return n->path.data + sizeof(ENTRY_WORK);
}

static int
restless(const struct entry *n, struct err *e)
{
	return err_set(e, EX_TEMPFAIL, 0,
	    "'%s' changes while it is read: stop what writes it, or name it "
	    "in .agentignore",
	    shown(n));
}

/* Read `n` bytes: 1, or 0 when the file is shorter. */
static int
read_exactly(
    int fd, char *p, size_t n, const struct entry *entry, struct err *e)
{
	ssize_t got;

	while (n > 0) {
		got = read(fd, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, EX_IOERR, errno, "cannot read '%s'",
			    shown(entry));
		if (got == 0)
			return 0;
		p += got;
		n -= (size_t)got;
	}
	return 1;
}

/* All of a small file at one moment: 1; 2 when it grew too large. */
static int
read_small(struct saving *s, int fd, size_t i, struct err *e)
{
	struct entry *n = &s->in->tree->entry[i];
	struct stamp *st = &s->in->tree->stamp[i];
	int try, r;

	for (try = 0; try < SCAN_TRIES; try++) {
		if (try > 0)
			(void)usleep(2000u << try);
		if (lseek(fd, 0, SEEK_SET) < 0 ||
		    scan_refresh(fd, n, st, e) < 0)
			return -1;
		if (n->size > SMALL)
			return 2;
		buf_clear(&s->small);
		buf_reserve(&s->small, (size_t)n->size + 1);
		r = read_exactly(fd, s->small.data, (size_t)n->size, n, e);
		if (r < 0)
			return -1;
		if (r == 0 || !scan_unchanged(fd, n, st))
			continue;
		s->small.len = (size_t)n->size;
		digest_of(s->small.data, s->small.len, &n->sha256);
		st->known = true;
		return 1;
	}
	return restless(n, e);
}

static int
put_small(struct saving *s, struct entry *n, struct err *e)
{
	struct slice text = {buf_str(&s->small), s->small.len};
	struct content c = content_bytes(&text);

	return writer_entry(&s->writer, n, &c, e);
}

/* A large file's contents into the frames: 1 when it kept still. */
static int
pour_large(struct saving *s, int fd, size_t i, struct err *e)
{
	struct entry *n = &s->in->tree->entry[i];
	struct stamp *st = &s->in->tree->stamp[i];
	int64_t left = n->size;
	struct sha256 sum;
	size_t room;
	char *at;
	int r;

	sha256_init(&sum);
	while (left > 0) {
		if (framer_space(s->writer.framer, &at, &room, e) < 0)
			return -1;
		if ((int64_t)room > left)
			room = (size_t)left;
		r = read_exactly(fd, at, room, n, e);
		if (r <= 0)
			return r;
		sha256_add(&sum, at, room);
		framer_filled(s->writer.framer, room);
		left -= (int64_t)room;
	}
	sha256_get(&sum, &n->sha256);
	st->known = scan_unchanged(fd, n, st);
	return st->known ? 1 : 0;
}

static int
put_large(struct saving *s, int fd, size_t i, struct err *e)
{
	struct entry *n = &s->in->tree->entry[i];
	struct framer *f = s->writer.framer;
	struct framer_mark mark;
	int try, r;

	if (framer_mark(f, &mark, e) < 0)
		return -1;
	for (try = 0; try < SCAN_TRIES; try++) {
		if (lseek(fd, 0, SEEK_SET) < 0 ||
		    scan_refresh(fd, n, &s->in->tree->stamp[i], e) < 0 ||
		    writer_begin(&s->writer, n, e) < 0)
			return -1;
		r = pour_large(s, fd, i, e);
		if (r < 0)
			return -1;
		if (r > 0)
			return writer_end(&s->writer, n, e);
		if (framer_back(f, mark, e) < 0)
			return err_wrap(
			    e, "'%s' changed while it was read", shown(n));
	}
	return restless(n, e);
}

/* The digest of a large file whose size is the old one's: most are only
 * touched.  -1, or 1 when it kept still. */
static int
hash_large(struct saving *s, int fd, size_t i, struct err *e)
{
	struct entry *n = &s->in->tree->entry[i];
	struct stamp *st = &s->in->tree->stamp[i];

	if (lseek(fd, 0, SEEK_SET) < 0 || scan_refresh(fd, n, st, e) < 0)
		return -1;
	if (digest_of_fd(fd, &n->sha256) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot read '%s'", shown(n));
	st->known = scan_unchanged(fd, n, st);
	return st->known ? 1 : 0;
}

static int
put_open(
    struct saving *s, int fd, size_t i, const struct entry *old, struct err *e)
{
	struct entry *n = &s->in->tree->entry[i];
	bool forced = s->forced[i];
	int r = 2;

	if (n->size <= SMALL)
		r = read_small(s, fd, i, e);
	if (r < 0)
		return -1;
	if (r == 2 && old != NULL && !forced && n->size == old->size) {
		if (hash_large(s, fd, i, e) < 0)
			return -1;
	}
	if (s->in->tree->stamp[i].known && old != NULL && !forced &&
	    entry_same(n, old))
		return 0;
	r = r == 1 ? put_small(s, n, e) : put_large(s, fd, i, e);
	if (r < 0)
		return -1;
	s->stored += n->size;
	if (s->in->progress != NULL)
		s->in->progress(s->in->arg, n->size);
	return 0;
}

int
savefile_put(struct saving *s, size_t i, const struct entry *old, struct err *e)
{
	struct entry *n = &s->in->tree->entry[i];
	int fd CLEANUP_FD = -1;
	struct err why = {0};

	if (s->in->tree->stamp[i].known && old != NULL && !s->forced[i] &&
	    entry_same(n, old))
		return 0;
	if (scan_open(s->in->root, n, &fd, &why) < 0) {
		if (!vanished(&why)) {
			*e = why;
			return -1;
		}
		s->gone[i] = true;
		return 0;
	}
	return put_open(s, fd, i, old, e);
}
