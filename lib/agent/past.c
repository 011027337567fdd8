#include "agent/past.h"

#include "agent/lineage.h"

static int
give(struct lineage_reader *r, struct root *root, int64_t last,
    const struct past_each *each, struct err *e)
{
	struct blob_source blobs = blob_root(root);
	struct buf room CLEANUP_BUF = {0};
	struct record rec;
	int got;

	while ((got = lineage_next(r, &rec, e)) == 1 && rec.seq <= last)
		if (blob_expand(&blobs, rec.body, &room, &rec.body, e) < 0 ||
		    each->record(each->arg, &rec, e) < 0)
			return -1;
	return got < 0 ? -1 : 0;
}

static int
replay(const struct state_past *past, int64_t last,
    const struct past_each *each, struct err *e)
{
	struct lineage l CLEANUP_LINEAGE = {0};
	struct lineage_reader r;
	int got;

	if (lineage_open(past->dir, NULL, &l, e) < 0)
		return -1;
	lineage_reader_init(&r, &l, NULL);
	got = give(&r, past->source, last, each, e);
	lineage_reader_free(&r);
	return got;
}

struct state_past
past_of_journal(struct root *root, int dir)
{
	return (struct state_past){
	    .replay = replay, .source = root, .dir = dir};
}
