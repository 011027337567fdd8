#include "agent/restoreplan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

void
restoreplan_free(struct restoreplan *p)
{
	snapshot_free(&p->before);
	snapshot_free(&p->after);
	while (p->made_count > 0)
		buf_free(&p->made[--p->made_count]);
	free(p->made);
}

static void
keep(struct snapshot *s, const struct entry *n, size_t layer)
{
	struct stamp *st;
	struct entry *copy = snapshot_add(s, &st);

	*copy = *n;
	copy->path = snapshot_keep(s, n->path.data, n->path.len);
	copy->link = n->link.len == 0
			 ? (struct slice){"", 0}
			 : snapshot_keep(s, n->link.data, n->link.len);
	st->leader = layer;
}

void
restoreplan_add(struct restoreplan *p, const struct entry *before,
    const struct entry *after, size_t layer, struct buf *made)
{
	keep(&p->before, before, 0);
	keep(&p->after, after, made == NULL ? layer : p->made_count);
	if (made == NULL)
		return;
	p->after.stamp[p->after.count - 1].known = true;
	mem_room(&p->made, p->made_count, &p->made_cap, sizeof(*p->made));
	p->made[p->made_count++] = *made;
	*made = (struct buf){0};
}

static void
add(struct restoreplan *p, const struct entry *is, const struct entry *want,
    size_t layer)
{
	struct entry none = {.type = ENTRY_GONE};

	/* What a bundle does not hold cannot be made, nor made again; that a
	 * withheld file is missing is said, since it may be asked for. */
	if ((want != NULL && !entry_stored(want->type) &&
		(want->type != ENTRY_WITHHELD || is != NULL)) ||
	    (want == NULL && !entry_stored(is->type)) ||
	    (is != NULL && is->type == ENTRY_MOUNT))
		return;
	none.path = is != NULL ? is->path : want->path;
	restoreplan_add(p, is != NULL ? is : &none, want != NULL ? want : &none,
	    layer, NULL);
}

void
restoreplan_make(const struct snapshot *is, const struct snapshot *want,
    struct restoreplan *out)
{
	size_t i = 0, j = 0;
	int r;

	*out = (struct restoreplan){0};
	while (i < is->count || j < want->count) {
		r = i == is->count ? 1
		    : j == want->count
			? -1
			: entry_compare(is->entry[i].path, want->entry[j].path);
		if (r < 0)
			add(out, &is->entry[i], NULL, 0);
		else if (r > 0)
			add(out, NULL, &want->entry[j], want->stamp[j].leader);
		else if (!entry_same(&is->entry[i], &want->entry[j]))
			add(out, &is->entry[i], &want->entry[j],
			    want->stamp[j].leader);
		i += r <= 0;
		j += r >= 0;
	}
}

static void
put_line(struct buf *out, const struct entry *n)
{
	struct entry copy = *n;

	copy.frame = copy.offset = 0; /* of no use to who reads it */
	entry_line(out, &copy);
}

void
restoreplan_text(const struct restoreplan *p, struct buf *out)
{
	size_t i;

	for (i = 0; i < p->before.count; i++) {
		put_line(out, &p->before.entry[i]);
		put_line(out, &p->after.entry[i]);
	}
}

/* Two lines of one path of a workspace. */
static int
parse_pair(
    const char **at, const char *end, struct restoreplan *p, struct err *e)
{
	struct entry_text room[2] = {{{0}, {0}}, {{0}, {0}}};
	struct entry n[2] = {{.type = ENTRY_GONE}};
	const char *nl;
	int i, r = 0;

	for (i = 0; i < 2 && r == 0; i++) {
		nl = memchr(*at, '\n', (size_t)(end - *at));
		r = nl == NULL ? err_set(e, EX_DATAERR, 0,
				     "the list of a restore is cut short")
			       : entry_parse(*at, (size_t)(nl - *at), &room[i],
				     &n[i], e);
		*at = nl == NULL ? end : nl + 1;
	}
	if (r == 0 && (n[0].path.data[0] != 'w' ||
			  entry_compare(n[0].path, n[1].path) != 0))
		r = err_set(
		    e, EX_DATAERR, 0, "the list of a restore is none of ours");
	if (r == 0)
		restoreplan_add(p, &n[0], &n[1], 0, NULL);
	entry_text_free(&room[0]);
	entry_text_free(&room[1]);
	return r;
}

int
restoreplan_parse(
    const char *text, size_t len, struct restoreplan *out, struct err *e)
{
	const char *at = text, *end = text + len;
	struct restoreplan p = {0};

	while (at < end)
		if (parse_pair(&at, end, &p, e) < 0) {
			restoreplan_free(&p);
			return -1;
		}
	*out = p;
	return 0;
}

const char *
restoreplan_path(const struct restoreplan *p, size_t i)
{
	struct slice path = p->after.entry[i].path;

	return path.len > sizeof(ENTRY_WORK) ? path.data + sizeof(ENTRY_WORK)
					     : ".";
}

const char *
restoreplan_change(const struct restoreplan *p, size_t i)
{
	if (p->after.entry[i].type == ENTRY_WITHHELD)
		return "missing";
	if (p->before.entry[i].type == ENTRY_WITHHELD)
		return "kept";
	if (p->before.entry[i].type == ENTRY_GONE)
		return "added";
	return p->after.entry[i].type == ENTRY_GONE ? "removed" : "changed";
}

bool
restoreplan_mode_only(const struct restoreplan *p, size_t i)
{
	const struct entry *b = &p->before.entry[i];
	const struct entry *a = &p->after.entry[i];

	return b->type == ENTRY_FILE && a->type == ENTRY_FILE &&
	       b->size == a->size && digest_equal(&b->sha256, &a->sha256);
}

/* ---- staging ---------------------------------------------------------------------------------- */

/* The folders of `path` that `last`, which came before it, does not lie in:
 * they are writable while files are moved out of them. */
static void
add_folders(struct snapshot *s, struct slice last, struct slice path)
{
	struct entry dir = {.type = ENTRY_DIR, .mode = 0700};
	size_t i;

	for (i = 0; i < path.len; i++) {
		if (path.data[i] != '/' ||
		    (last.len > i && last.data[i] == '/' &&
			memcmp(last.data, path.data, i) == 0))
			continue;
		dir.path = (struct slice){path.data, i};
		keep(s, &dir, 0);
	}
}

/* Files and links are moved from there; the rest is made in place. */
static void
select_staged(const struct restoreplan *p, struct snapshot *out)
{
	struct slice last = {"", 0};
	const struct entry *n;
	size_t i;

	for (i = 0; i < p->after.count; i++) {
		n = &p->after.entry[i];
		if ((n->type != ENTRY_FILE && n->type != ENTRY_SYMLINK) ||
		    restoreplan_mode_only(p, i))
			continue;
		add_folders(out, last, n->path);
		if (!p->after.stamp[i].known)
			keep(out, n, p->after.stamp[i].leader);
		last = n->path;
	}
}

/* Contents that no bundle holds. */
static int
stage_made(const struct restoreplan *p, int to, struct err *e)
{
	const struct entry *n;
	const struct buf *made;
	size_t i;

	for (i = 0; p->made_count > 0 && i < p->after.count; i++) {
		const char *name = restoreplan_path(p, i);
		int fd CLEANUP_FD = -1;

		if (!p->after.stamp[i].known)
			continue;
		n = &p->after.entry[i];
		made = &p->made[p->after.stamp[i].leader];
		if (file_open(to, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd,
			e) < 0 ||
		    file_write_all(fd, made->data, made->len, name, e) < 0)
			return -1;
		if (fchmod(fd, n->mode) < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot write '%s'", name);
		if (file_sync(fd, name, e) < 0)
			return -1;
	}
	return 0;
}

int
restoreplan_stage(const struct restoreplan *p, struct chain *c, int work,
    const char *name, const struct restore_options *o, struct err *e)
{
	struct snapshot tree CLEANUP(snapshot_free) = {0};
	int dir CLEANUP_FD = -1, to CLEANUP_FD = -1;

	select_staged(p, &tree);
	if (mkdirat(work, name, 0700) < 0)
		return err_set(e, errno == ENOSPC ? EX_IOERR : EX_CANTCREAT,
		    errno, "cannot prepare files in the workspace");
	if (file_open(work, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &dir,
		e) < 0 ||
	    file_make_dir(dir, RESTORE_TREE, 0700, e) < 0 ||
	    file_open(dir, RESTORE_TREE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
		&to, e) < 0 ||
	    (tree.count > 0 && restore_some(c, &tree, to, o, e) < 0) ||
	    stage_made(p, to, e) < 0)
		return -1;
	return file_sync(work, "workspace", e);
}
