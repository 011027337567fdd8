/* What a child shares with its parent, by hard links. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/cache.h"
#include "agent/ckpt.h"
#include "agent/forking.h"
#include "agent/lineage.h"
#include "base/file.h"
#include "base/mem.h"

int
fork_link(int from, const char *name, int to, const char *as, struct err *e)
{
	if (linkat(from, name, to, as, 0) == 0)
		return 0;
	return err_set(e, errno == ENOENT ? EX_DATAERR : EX_CANTCREAT, errno,
	    "cannot link '%s'", name);
}

static int
link_level(const struct session *s, size_t i, bool own, int to, struct err *e)
{
	static const char *const ends[] = {"jsonl", "json"};
	static const char *const names[] = {JOURNAL_FILE, INFO_FILE};
	size_t k;

	for (k = 0; k < COUNT_OF(ends); k++) {
		char *as CLEANUP_FREE = mem_printf("%zu.%s", i, ends[k]);
		char *from CLEANUP_FREE = mem_printf(FROM_DIR "/%s", as);

		if (fork_link(s->dir, own ? names[k] : from, to, as, e) < 0)
			return -1;
	}
	return 0;
}

static int
link_history(const struct session *s, int dir, struct err *e)
{
	size_t n = (size_t)s->info.ancestors, i;
	int to CLEANUP_FD = -1;

	if (n + 1 > ANCESTORS_MOST)
		return err_set(e, EX_LIMIT, 0,
		    "the family has %zu generations already", n + 1);
	if (file_make_dir(dir, FROM_DIR, 0700, e) < 0 ||
	    file_open(dir, FROM_DIR, O_RDONLY | O_DIRECTORY, 0, &to, e) < 0)
		return -1;
	for (i = 1; i <= n; i++)
		if (link_level(s, i, false, to, e) < 0)
			return -1;
	return link_level(s, n + 1, true, to, e);
}

/* Those that the next bundle, or going back, builds on. */
static int
link_bundles(const struct forking *f, int dir, struct err *e)
{
	const struct session *s = f->parent;
	int64_t last = f->files != NULL ? chain_newest(f->files)->manifest.seq
					: s->state.ckpt_seq;
	int64_t *seqs CLEANUP_FREE = NULL;
	int from CLEANUP_FD = -1, to CLEANUP_FD = -1;
	char name[CKPT_NAME];
	size_t n, i;

	if (!s->state.has_ckpt)
		return 0;
	if (ckpt_list(s->root, s->info.id, &seqs, &n, e) < 0 ||
	    file_open(s->dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &from, e) <
		0 ||
	    file_make_dir(dir, CKPT_DIR, 0700, e) < 0 ||
	    file_open(dir, CKPT_DIR, O_RDONLY | O_DIRECTORY, 0, &to, e) < 0)
		return -1;
	for (i = 0; i < n && seqs[i] <= last; i++) {
		ckpt_name(seqs[i], name);
		if (fork_link(from, name, to, name, e) < 0)
			return -1;
	}
	return 0;
}

/* What is folded already; without it the first opening folds all. */
static int
link_cache(const struct forking *f, int dir, struct err *e)
{
	if (f->files != NULL || /* it may be of a later point */
	    linkat(f->parent->dir, CACHE_FILE, dir, CACHE_FILE, 0) == 0 ||
	    errno == ENOENT)
		return 0;
	return err_set(e, EX_CANTCREAT, errno, "cannot link '%s'", CACHE_FILE);
}

int
fork_share(const struct forking *f, int dir, struct err *e)
{
	return link_history(f->parent, dir, e) < 0 ||
		       link_bundles(f, dir, e) < 0 || link_cache(f, dir, e) < 0
		   ? -1
		   : 0;
}
