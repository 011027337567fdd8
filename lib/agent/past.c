#include "agent/past.h"

#include <fcntl.h>

#include "base/file.h"
#include "journal/journal.h"

static int
replay(const struct state_past *past, int64_t last,
    const struct past_each *each, struct err *e)
{
	struct journal_mark start = {.head = past->first};
	struct blob_source blobs = blob_root(past->source);
	struct buf room CLEANUP_BUF = {0};
	int fd CLEANUP_FD = -1;
	struct reader r;
	struct record rec;
	int got;

	if (file_open(
		past->dir, JOURNAL_FILE, O_RDONLY | O_NOFOLLOW, 0, &fd, e) < 0)
		return -1;
	reader_init(&r, fd, &start);
	while ((got = reader_next(&r, &rec, e)) == 1 && rec.seq <= last)
		if (blob_expand(&blobs, rec.body, &room, &rec.body, e) < 0 ||
		    each->record(each->arg, &rec, e) < 0) {
			got = -1;
			break;
		}
	reader_free(&r);
	return got < 0 ? -1 : 0;
}

struct state_past
past_of_journal(struct root *root, int dir, const struct digest *first)
{
	return (struct state_past){
	    .replay = replay, .source = root, .dir = dir, .first = *first};
}
