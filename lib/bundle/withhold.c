#include "bundle/withhold.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define PIECE 65536

/* 1 when the open file holds a value, 0, or -1. */
static int
read_file(int fd, const struct secrets *secrets, struct err *e)
{
	struct buf piece CLEANUP_BUF = {0}, clean CLEANUP_BUF = {0};
	struct scrub c = {.secrets = secrets};
	struct buf in CLEANUP_BUF = {0};
	ssize_t n;
	int found = 0;

	while (found == 0 && (n = buf_read(&piece, fd, PIECE)) != 0) {
		if (n < 0)
			return err_set(e, EX_IOERR, errno, "cannot read it");
		/* what was held, and this: is it the same afterwards? */
		buf_clear(&clean);
		buf_clear(&in);
		buf_add(&in, buf_str(&c.held), c.held.len);
		buf_add(&in, piece.data, piece.len);
		scrub_add(&c, piece.data, piece.len, &clean);
		found = clean.len + c.held.len != in.len ||
			memcmp(clean.data == NULL ? "" : clean.data, in.data,
			    clean.len) != 0;
		buf_clear(&piece);
	}
	if (found == 0)
		found = secrets_in(secrets, buf_str(&c.held), c.held.len);
	buf_free(&c.held);
	return found;
}

static int
holds(int root, const struct entry *n, const struct stamp *st,
    const struct secrets *secrets, struct err *e)
{
	int fd CLEANUP_FD = -1, found;
	struct err why = {0};

	if (secrets_in(secrets, n->path.data, n->path.len) ||
	    (n->type == ENTRY_SYMLINK &&
		secrets_in(secrets, n->link.data, n->link.len)))
		return 1;
	if (n->type != ENTRY_FILE || st->known || n->size < SECRET_LEAST)
		return 0;
	if (scan_open(root, n, &fd, &why) < 0) {
		/* whoever saves it says so, or finds it gone */
		return 0;
	}
	found = read_file(fd, secrets, e);
	return found < 0 ? err_wrap(e, "'%s'", n->path.data) : found;
}

static void
drop(struct snapshot *s, const bool *out)
{
	size_t *place CLEANUP_FREE = mem_new(s->count, sizeof(*place));
	size_t i, kept = 0;

	for (i = 0; i < s->count; i++) {
		place[i] = kept;
		if (out[i])
			continue;
		s->entry[kept] = s->entry[i];
		s->stamp[kept] = s->stamp[i];
		if (s->entry[kept].type == ENTRY_HARDLINK)
			s->stamp[kept].leader = place[s->stamp[kept].leader];
		kept++;
	}
	s->count = kept;
}

int
withhold(int root, struct snapshot *s, const struct secrets *secrets,
    struct buf *out, struct err *e)
{
	bool *gone CLEANUP_FREE = mem_new(s->count, sizeof(*gone)), any = false;
	size_t i;
	int got;

	for (i = 0; i < s->count; i++) {
		const struct entry *n = &s->entry[i];

		got = holds(root, n, &s->stamp[i], secrets, e);
		if (got < 0)
			return -1;
		/* the first of several names comes before the others */
		gone[i] = got > 0 || (n->type == ENTRY_HARDLINK &&
					 gone[s->stamp[i].leader]);
		if (!gone[i])
			continue;
		any = true;
		buf_add(out, n->path.data + sizeof(ENTRY_WORK),
		    n->path.len - sizeof(ENTRY_WORK));
		buf_putc(out, '\n');
	}
	if (any)
		drop(s, gone);
	return 0;
}
