#include "bundle/restore.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/rand.h"
#include "bundle/restorefile.h"
#include "bundle/save.h"

static const char *
shown(const struct entry *n)
{
	return n->path.len > sizeof(ENTRY_WORK)
		   ? n->path.data + sizeof(ENTRY_WORK)
		   : ".";
}

static int
cannot(const struct entry *n, struct err *e)
{
	return err_set(e, errno == ENOSPC ? EX_IOERR : EX_CANTCREAT, errno,
	    "cannot make '%s'", shown(n));
}

static void
times_of(const struct entry *n, struct timespec t[2])
{
	t[1].tv_sec = n->mtime / CLOCK_SECOND;
	t[1].tv_nsec = n->mtime % CLOCK_SECOND;
	t[0] = t[1];
}

static int
make_folders(struct restoring *r, struct err *e)
{
	const struct snapshot *s = &r->tree;
	size_t i;

	for (i = 1; i < s->count; i++)
		if (s->entry[i].type == ENTRY_DIR &&
		    mkdirat(r->to, shown(&s->entry[i]), 0700) < 0)
			return cannot(&s->entry[i], e);
	return 0;
}

static int
make_link(struct restoring *r, const struct entry *n, struct err *e)
{
	const char *to = n->link.data + sizeof(ENTRY_WORK);
	struct timespec t[2];

	if (n->type == ENTRY_HARDLINK)
		return linkat(r->to, to, r->to, shown(n), 0) < 0 ? cannot(n, e)
								 : 0;
	times_of(n, t);
	if (symlinkat(n->link.data, r->to, shown(n)) < 0 ||
	    utimensat(r->to, shown(n), t, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot(n, e);
	return 0;
}

/* Links come last, so that nothing is ever written through one. */
static int
make_links(struct restoring *r, struct err *e)
{
	const struct entry *n;
	size_t i;

	for (i = 1; i < r->tree.count; i++) {
		n = &r->tree.entry[i];
		if (n->type == ENTRY_SYMLINK || n->type == ENTRY_HARDLINK) {
			if (make_link(r, n, e) < 0)
				return -1;
		} else if (!entry_stored(n->type) && r->opt->omitted != NULL) {
			r->opt->omitted(r->opt->arg, n);
		}
	}
	return 0;
}

/* From the last to the first: a folder's time is that of its last change, and
 * its mode may forbid further ones. */
static int
finish_folders(struct restoring *r, struct err *e)
{
	const struct entry *n;
	struct timespec t[2];
	size_t i = r->tree.count;

	while (i-- > 0) {
		n = &r->tree.entry[i];
		if (n->type != ENTRY_DIR)
			continue;
		times_of(n, t);
		if (i == 0) {
			if (fchmod(r->to, n->mode) < 0 ||
			    futimens(r->to, t) < 0)
				return cannot(n, e);
		} else if (fchmodat(r->to, shown(n), n->mode, 0) < 0 ||
			   utimensat(r->to, shown(n), t, 0) < 0) {
			return cannot(n, e);
		}
	}
	return 0;
}

int
restore_some(struct chain *c, const struct snapshot *tree, int to,
    const struct restore_options *opt, struct err *e)
{
	struct restoring r = {.chain = c, .to = to, .opt = opt, .tree = *tree};

	if (tree->count == 0 || tree->entry[0].type != ENTRY_DIR ||
	    tree->entry[0].path.len != sizeof(ENTRY_WORK) - 1)
		return err_set(e, EX_DATAERR, 0, "the bundle holds no tree");
	if (make_folders(&r, e) < 0 || restorefile_all(&r, e) < 0 ||
	    make_links(&r, e) < 0 || finish_folders(&r, e) < 0)
		return -1;
	/* One call for all of the new files: a sync of each costs more than
	 * writing them. */
	if (!opt->no_sync && syncfs(to) < 0)
		return err_set(e, EX_IOERR, errno, "cannot sync");
	return 0;
}

int
restore_into(
    struct chain *c, int to, const struct restore_options *opt, struct err *e)
{
	struct snapshot tree CLEANUP(snapshot_free) = {0};

	return chain_tree(c, opt->max_files, &tree, e) < 0
		   ? -1
		   : restore_some(c, &tree, to, opt, e);
}

int
restore_tree(struct chain *c, int dir, const char *name,
    const struct restore_options *opt, struct err *e)
{
	char tmp[sizeof(BUNDLE_TMP) + RAND_TEXT], nonce[RAND_TEXT];
	int to CLEANUP_FD = -1;
	struct err ignored;

	assert(file_is_name(name));
	rand_text(nonce);
	(void)snprintf(tmp, sizeof(tmp), BUNDLE_TMP "%s", nonce);
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(
		    e, EX_CANTCREAT, EEXIST, "cannot restore to '%s'", name);
	if (mkdirat(dir, tmp, 0700) < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot restore to '%s'", name);
	if (file_open(
		dir, tmp, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &to, e) < 0 ||
	    restore_into(c, to, opt, e) < 0)
		goto fail;
	if (renameat2(dir, tmp, dir, name, RENAME_NOREPLACE) < 0) {
		err_set(e, EX_CANTCREAT, errno, "cannot restore to '%s'", name);
		goto fail;
	}
	return opt->no_sync ? 0 : file_sync(dir, name, e);
fail:
	(void)file_remove_tree(dir, tmp, &ignored);
	return -1;
}
