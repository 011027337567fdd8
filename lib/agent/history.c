#include "agent/history.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"

int
history_open(
    struct root *root, const char *id, struct history *out, struct err *e)
{
	struct history h = {.root = root, .dir = -1};

	if (file_open(root->agents, id, O_RDONLY | O_DIRECTORY, 0, &h.dir, e) <
		0 ||
	    info_read(h.dir, id, &h.info, e) < 0 ||
	    lineage_open(h.dir, &h.info, &h.lineage, e) < 0) {
		history_close(&h);
		return err_wrap(e, "agent '%s'", id);
	}
	*out = h;
	return 0;
}

void
history_close(struct history *h)
{
	lineage_close(&h->lineage);
	info_free(&h->info);
	fd_cleanup(&h->dir);
}

void
history_reader(const struct history *h, struct lineage_reader *r)
{
	lineage_reader_init(r, &h->lineage, NULL);
}

/* ---- single records ---------------------------------------------------------------------- */

int
history_record(
    const struct history *h, int64_t seq, struct buf *line, struct err *e)
{
	struct lineage_reader r;
	struct record rec;
	int got;

	history_reader(h, &r);
	do
		got = lineage_next(&r, &rec, e);
	while (got == 1 && rec.seq != seq);
	if (got == 1)
		buf_add(line, rec.line.data, rec.line.len);
	lineage_reader_free(&r);
	if (got == 0)
		return err_set(
		    e, EX_NOINPUT, 0, "there is no record %" PRId64, seq);
	return got < 0 ? -1 : 0;
}
