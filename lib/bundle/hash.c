/* Digests of a live tree's files; scan.h. */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "bundle/scan.h"

static const char *
shown(const struct entry *n)
{
	return n->path.data + sizeof(ENTRY_WORK);
}

/* 1 with the digest, 0 when the file is gone. */
static int
hash_one(int root, struct entry *n, struct stamp *st, struct err *e)
{
	int fd CLEANUP_FD = -1, try;
	struct err why = {0};

	if (scan_open(root, n, &fd, &why) < 0) {
		if (why.errnum == ENOENT || why.errnum == ENOTDIR ||
		    why.errnum == ELOOP)
			return 0;
		*e = why;
		return -1;
	}
	for (try = 0; try < SCAN_TRIES; try++) {
		if (try > 0)
			(void)usleep(2000u << try);
		if (lseek(fd, 0, SEEK_SET) < 0 ||
		    scan_refresh(fd, n, st, e) < 0)
			return -1;
		if (digest_of_fd(fd, &n->sha256) < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot read '%s'", shown(n));
		st->known = scan_unchanged(fd, n, st);
		if (st->known)
			return 1;
	}
	return err_set(
	    e, EX_TEMPFAIL, 0, "'%s' changes while it is read", shown(n));
}

int
scan_hash(int root, struct snapshot *s, struct err *e)
{
	size_t i, kept = 0;
	int r;

	for (i = 0; i < s->count; i++) {
		struct entry *n = &s->entry[i];
		struct stamp *st = &s->stamp[i];

		r = 1;
		if (n->type == ENTRY_FILE && !st->known)
			r = hash_one(root, n, st, e);
		if (r < 0)
			return -1;
		if (r == 0) {
			/* Its place stays until all links are resolved. */
			n->type = ENTRY_GONE;
			continue;
		}
		if (n->type == ENTRY_HARDLINK) {
			n->size = s->entry[st->leader].size;
			n->sha256 = s->entry[st->leader].sha256;
			st->known = true;
			if (s->entry[st->leader].type == ENTRY_GONE)
				return err_set(e, EX_TEMPFAIL, 0,
				    "'%s' vanished while it was read",
				    shown(&s->entry[st->leader]));
		}
	}
	for (i = 0; i < s->count; i++) {
		if (s->entry[i].type == ENTRY_GONE)
			continue;
		s->entry[kept] = s->entry[i];
		s->stamp[kept++] = s->stamp[i];
	}
	s->count = kept;
	snapshot_digest(s, &s->work);
	return 0;
}
