/* Journals written anew, without some bodies. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/lineage.h"
#include "agent/redact.h"
#include "base/file.h"
#include "base/mem.h"
#include "journal/journal.h"

#define TMP_NAME ".redact"
#define STEP     ((size_t)1 << 20)

static int
by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool
goes(const int64_t *seqs, size_t n, const struct record *rec)
{
	return !record_redacted(rec) && redact_takes(rec->type) &&
	       bsearch(&rec->seq, seqs, n, sizeof(*seqs), by_number) != NULL;
}

/* The line up to its body, and null. */
static void
put_line(struct buf *out, const struct record *rec, bool redacted)
{
	size_t head = (size_t)(rec->body.data - rec->line.data);

	buf_add(out, rec->line.data, redacted ? head : rec->line.len);
	buf_puts(out, redacted ? "null}\n" : "\n");
}

static int
flush(int fd, struct buf *out, struct err *e)
{
	int got = file_write_all(fd, out->data, out->len, TMP_NAME, e);

	buf_clear(out);
	return got;
}

/* Copy one level's journal up to where it counts.  1: something went. */
static int
copy(const struct lineage *l, size_t level, const int64_t *seqs, size_t n,
    int to, struct err *e)
{
	const struct lineage_level *own = &l->level[level];
	struct journal_mark from = {
	    .seq = own->before, .head = level == 0 ? own->info : own[-1].head};
	struct buf out CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1, got, any = 0;
	struct reader r;
	struct record rec;
	bool redacted;

	if (lineage_journal(l, level, &fd, e) < 0)
		return -1;
	reader_init(&r, fd, &from);
	while (
	    r.mark.seq < own->last && (got = reader_next(&r, &rec, e)) != 0) {
		redacted = got > 0 && goes(seqs, n, &rec);
		any = any || redacted;
		if (got > 0)
			put_line(&out, &rec, redacted);
		if (got > 0 && out.len > STEP)
			got = flush(to, &out, e) < 0 ? -1 : 1;
		if (got < 0) {
			any = -1;
			break;
		}
	}
	reader_free(&r);
	if (any > 0 && flush(to, &out, e) < 0)
		return -1;
	return any;
}

/* Replace it as file_replace does: the name means the old journal or the new
 * one, whole and on the disk. */
static int
replace(int dir, const char *name, const struct lineage *l, size_t level,
    const int64_t *seqs, size_t n, struct err *e)
{
	int fd CLEANUP_FD = -1, any;

	if (unlinkat(dir, TMP_NAME, 0) < 0 && errno != ENOENT)
		return err_set(
		    e, EX_IOERR, errno, "cannot remove '%s'", TMP_NAME);
	if (file_open(dir, TMP_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
		0600, &fd, e) < 0)
		return -1;
	any = copy(l, level, seqs, n, fd, e);
	if (any > 0 &&
	    (file_sync(fd, TMP_NAME, e) < 0 || fd_close(&fd, TMP_NAME, e) < 0))
		any = -1;
	if (any <= 0) {
		(void)unlinkat(dir, TMP_NAME, 0);
		return any;
	}
	if (renameat(dir, TMP_NAME, dir, name) < 0)
		return err_set(e, EX_IOERR, errno, "cannot replace '%s'", name);
	return file_sync(dir, name, e);
}

int
redact_journals(
    struct session *s, const int64_t *seqs, size_t count, struct err *e)
{
	struct lineage l CLEANUP_LINEAGE = {0};
	int from CLEANUP_FD = -1;
	size_t i;

	if (lineage_open(s->dir, &s->info, &l, e) < 0)
		return -1;
	if (l.count > 1 && file_open(s->dir, FROM_DIR, O_RDONLY | O_DIRECTORY,
			       0, &from, e) < 0)
		return -1;
	for (i = 0; i < l.count; i++) {
		bool own = i + 1 == l.count;
		char *name CLEANUP_FREE = own ? mem_strdup(JOURNAL_FILE)
					      : mem_printf("%zu.jsonl", i + 1);

		if (replace(own ? s->dir : from, name, &l, i, seqs, count, e) <
		    0)
			return err_wrap(e, "agent '%s'", s->info.id);
	}
	return 0;
}
