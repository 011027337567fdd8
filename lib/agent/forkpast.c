/* Children that go on from a record in the past: of which a bundle has the
 * files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "agent/ckptspan.h"
#include "agent/forking.h"
#include "agent/restore.h"
#include "base/file.h"
#include "base/mem.h"

void
fork_past_free(struct fork_past *p)
{
	if (p->has_state)
		state_free(&p->then);
	chain_close(&p->files);
}

static int
none(int64_t at, struct err *e)
{
	return err_set(
	    e, EX_NOINPUT, 0, "no bundle has the files of record %" PRId64, at);
}

/* The newest bundle that covers no more than the point. */
static int
open_files(
    const struct session *s, int64_t at, struct chain *out, struct err *e)
{
	int64_t *seqs CLEANUP_FREE = NULL;
	int dir CLEANUP_FD = -1;
	size_t n;

	if (ckpt_list(s->root, s->info.id, &seqs, &n, e) < 0)
		return -1;
	while (n > 0 && seqs[n - 1] > at)
		n--;
	if (n == 0)
		return none(at, e);
	if (file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &dir, e) < 0)
		return -1;
	return ckpt_follow(dir, seqs[n - 1], false, out, e);
}

int
fork_past_open(struct fork_past *p, struct forking *f, struct err *e)
{
	struct session *s = f->parent;
	struct restore r CLEANUP(restore_free) = {0};
	int64_t at = f->fork->at;
	int got;

	if (open_files(s, at, &p->files, e) < 0 ||
	    restore_look(s, &chain_newest(&p->files)->manifest, at, &r, e) < 0)
		return -1;
	got = span_seek(s, NULL, at, &f->point, e);
	if (got < 0)
		return -1;
	if (got == 0)
		return none(at, e);
	if (state_then(&s->state, at, &p->then, e) < 0)
		return -1;
	p->has_state = true;
	f->then = &p->then;
	f->files = &p->files;
	return 0;
}
