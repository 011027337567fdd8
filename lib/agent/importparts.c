#include "agent/importparts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define MEMBER_MAX ((size_t)1 << 30)

/* ---- out of the bundles ------------------------------------------------------------------------------ */

static int
read_lines(struct bundle *b, struct buf *out, struct err *e)
{
	return bundle_member(b, "agent/journal.jsonl", MEMBER_MAX, out, e);
}

int
importparts_info(struct chain *c, struct buf *out, struct err *e)
{
	struct buf lines CLEANUP_BUF = {0};
	struct record first;
	const char *p;
	struct err why;

	if (read_lines(c->layer[0], &lines, e) < 0)
		return -1;
	p = buf_str(&lines);
	if (record_next(&p, p + lines.len, &first, e) < 0)
		return -1;
	if (ckpt_blob(c, &first.prev, out, &why) < 0)
		return err_set(e, EX_DATAERR, 0,
		    "the bundle does not hold its agent's description, as "
		    "those of earlier versions: its history cannot be brought "
		    "in");
	return 0;
}

/* Of the lines, those up to `seq`; and where those up to `mark` end. */
static int
cut_lines(const struct buf *lines, int64_t seq, int64_t mark, size_t *len,
    int64_t at, int64_t *covered, struct err *e)
{
	const char *p = buf_str(lines), *end = p + lines->len, *next;
	struct record rec;

	for (; p < end; p = next) {
		next = p;
		if (record_next(&next, end, &rec, e) < 0)
			return -1;
		if (rec.seq > seq)
			break;
		if (rec.seq == mark)
			*covered = at + (next - lines->data);
	}
	*len = (size_t)(p - buf_str(lines));
	return 0;
}

int
importparts_journal(struct chain *c, int64_t seq, int64_t mark, int dir,
    int64_t *covered, struct err *e)
{
	int fd CLEANUP_FD = -1;
	int64_t at = 0;
	size_t i, len = 0;

	if (file_open(dir, JOURNAL_FILE, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd,
		e) < 0)
		return -1;
	for (i = 0; i < c->count; i++) {
		struct buf lines CLEANUP_BUF = {0};

		if (read_lines(c->layer[i], &lines, e) < 0 ||
		    cut_lines(&lines, seq, mark, &len, at, covered, e) < 0 ||
		    file_write_all(fd, buf_str(&lines), len, JOURNAL_FILE, e) <
			0)
			return -1;
		at += (int64_t)len;
	}
	if (file_sync(fd, JOURNAL_FILE, e) < 0)
		return -1;
	return fd_close(&fd, JOURNAL_FILE, e);
}

static int
put_blob(
    struct bundle *b, const struct entry *n, struct root *root, struct err *e)
{
	struct buf data CLEANUP_BUF = {0};
	struct digest d;

	if (n->type != ENTRY_FILE ||
	    bundle_content_buf(b, n, BLOB_MAX, &data, e) < 0)
		return n->type == ENTRY_FILE
			   ? -1
			   : err_set(e, EX_DATAERR, 0, "a blob is no file");
	return blob_put(root, buf_str(&data), data.len, &d, e);
}

int
importparts_blobs(struct chain *c, struct root *root, struct err *e)
{
	static const struct slice dir = {"agent/blobs", 11};
	size_t i;
	int r = 0;

	for (i = 0; i < c->count; i++) {
		struct bundle_walk w CLEANUP(bundle_walk_free) = {0};
		struct entry n;

		if (bundle_walk_init(&w, c->layer[i], dir, e) < 0)
			return -1;
		while ((r = bundle_walk_next(&w, &n, e)) > 0 &&
		       entry_below(n.path, dir))
			if (put_blob(c->layer[i], &n, root, e) < 0)
				return -1;
		if (r < 0)
			return -1;
	}
	return 0;
}

static int
copy_bundle(const struct bundle *b, int dir, struct err *e)
{
	char name[CKPT_NAME];
	int fd CLEANUP_FD = -1;
	off_t from = 0;
	ssize_t n;

	ckpt_name(b->manifest.seq, name);
	if (file_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, e) < 0)
		return -1;
	while (from < b->frames.file) {
		struct buf part CLEANUP_BUF = {0};

		buf_reserve(&part, (size_t)1 << 20);
		n = pread(b->frames.fd, part.data, (size_t)1 << 20, from);
		if (n <= 0)
			return err_set(e, EX_IOERR, n < 0 ? errno : 0,
			    "cannot read '%s'", b->frames.name);
		if (file_write_all(fd, part.data, (size_t)n, name, e) < 0)
			return -1;
		from += n;
	}
	if (file_sync(fd, name, e) < 0)
		return -1;
	return fd_close(&fd, name, e);
}

int
importparts_bundles(struct chain *c, int dir, struct err *e)
{
	int to CLEANUP_FD = -1;
	size_t i;

	if (file_make_dir(dir, CKPT_DIR, 0700, e) < 0 ||
	    file_open(dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &to, e) < 0)
		return -1;
	for (i = 0; i < c->count; i++)
		if (copy_bundle(c->layer[i], to, e) < 0)
			return -1;
	return file_sync(to, CKPT_DIR, e);
}
