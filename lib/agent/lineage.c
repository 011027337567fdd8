#include "agent/lineage.h"

#include <fcntl.h>
#include <inttypes.h>

#include "base/file.h"
#include "base/mem.h"
#include "journal/journal.h"

#define INFO_MAX ((size_t)1 << 20)

void
lineage_close(struct lineage *l)
{
	free(l->level);
	l->level = NULL;
	l->count = 0;
}

/* What this agent.json says of the level `i`, and of where the one before it
 * ends. */
static int
set_level(struct lineage *l, size_t i, const struct info *info, struct err *e)
{
	struct lineage_level *own = &l->level[i];

	if ((i == 0) != (info->fork_seq == 0) ||
	    (i > 0 && info->ancestors != (int64_t)i))
		return err_set(e, EX_DATAERR, 0,
		    "the journals of its ancestors are not those that it was "
		    "forked from");
	own->info = info->digest;
	own->before = info->fork_seq;
	own->last = INT64_MAX;
	if (i == 0)
		return 0;
	if (info->fork_seq <= own[-1].before)
		return err_set(e, EX_DATAERR, 0,
		    "ancestor %zu: forked before it was born", i);
	own[-1].last = info->fork_seq;
	own[-1].head = info->fork_head;
	return 0;
}

static int
read_level(struct lineage *l, size_t i, struct err *e)
{
	char *name CLEANUP_FREE = mem_printf(FROM_DIR "/%zu.json", i + 1);
	struct buf text CLEANUP_BUF = {0};
	struct info info;
	int got;

	if (file_read(l->dir, name, INFO_MAX, &text, e) < 0 ||
	    info_parse(buf_str(&text), text.len, &info, e) < 0)
		return err_wrap(e, "'%s'", name);
	got = set_level(l, i, &info, e);
	info_free(&info);
	return got;
}

static int
open_levels(struct lineage *l, const struct info *own, struct err *e)
{
	size_t i;

	l->count = (size_t)own->ancestors + 1;
	l->level = mem_new(l->count, sizeof(*l->level));
	for (i = 0; i + 1 < l->count; i++)
		if (read_level(l, i, e) < 0)
			return -1;
	return set_level(l, i, own, e);
}

int
lineage_open(
    int dir, const struct info *own, struct lineage *out, struct err *e)
{
	struct lineage l = {.dir = dir};
	struct buf text CLEANUP_BUF = {0};
	struct info info CLEANUP(info_free) = {0};

	if (own == NULL &&
	    (file_read(dir, INFO_FILE, INFO_MAX, &text, e) < 0 ||
		info_parse(buf_str(&text), text.len, &info, e) < 0))
		return err_wrap(e, "'%s'", INFO_FILE);
	if (open_levels(&l, own == NULL ? &info : own, e) < 0) {
		lineage_close(&l);
		return -1;
	}
	*out = l;
	return 0;
}

int
lineage_journal(const struct lineage *l, size_t i, int *fd, struct err *e)
{
	char *name CLEANUP_FREE =
	    i + 1 == l->count ? mem_strdup(JOURNAL_FILE)
			      : mem_printf(FROM_DIR "/%zu.jsonl", i + 1);

	return file_open(l->dir, name, O_RDONLY | O_NOFOLLOW, 0, fd, e);
}

size_t
lineage_level(const struct lineage *l, int64_t seq)
{
	size_t i = 0;

	while (i + 1 < l->count && seq > l->level[i].last)
		i++;
	return i;
}

void
lineage_reader_init(struct lineage_reader *r, const struct lineage *l,
    const struct journal_mark *from)
{
	struct journal_mark start = {.head = l->level[0].info};

	if (from == NULL)
		from = &start;
	*r = (struct lineage_reader){
	    .lineage = l, .at = lineage_level(l, from->seq), .fd = -1};
	reader_init(&r->reader, -1, from);
}

void
lineage_reader_free(struct lineage_reader *r)
{
	reader_free(&r->reader);
	fd_cleanup(&r->fd);
}

/* Behind the last record of a level: go to the next one's first. */
static int
go_on(struct lineage_reader *r, struct err *e)
{
	const struct lineage_level *l = &r->lineage->level[r->at];
	struct journal_mark start = {
	    .seq = l->last, .time = r->reader.mark.time, .head = l->head};

	if (!digest_equal(&r->reader.mark.head, &l->head))
		return err_set(e, EX_DATAERR, 0,
		    "record %" PRId64 " is not the one that was forked from",
		    l->last);
	lineage_reader_free(r);
	r->fd = -1;
	r->at++;
	reader_init(&r->reader, -1, &start);
	return 0;
}

int
lineage_next(struct lineage_reader *r, struct record *out, struct err *e)
{
	const struct lineage *l = r->lineage;
	int got;

	while (
	    r->at + 1 < l->count && r->reader.mark.seq == l->level[r->at].last)
		if (go_on(r, e) < 0)
			return -1;
	if (r->fd < 0) {
		if (lineage_journal(l, r->at, &r->fd, e) < 0)
			return -1;
		r->reader.fd = r->fd;
	}
	got = reader_next(&r->reader, out, e);
	if (got == 0 && r->at + 1 < l->count)
		return err_set(e, EX_DATAERR, 0,
		    "the journal of ancestor %zu was cut: record %" PRId64
		    " is gone",
		    r->at + 1, r->reader.mark.seq + 1);
	return got;
}
