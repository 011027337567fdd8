#include "bundle/save.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rand.h"
#include "bundle/savefile.h"

enum { DELTAS_MAX = 63 };

bool
save_wants_full(const struct manifest *m)
{
	return m->deltas >= DELTAS_MAX || m->delta_bytes > m->full_bytes;
}

/* Is the folder that a removal would be told of gone itself? */
static bool
covered(const struct saving *s, struct slice path)
{
	return s->cover.len > 0 && entry_below(path, s->cover);
}

static int
put_gone(struct saving *s, const struct entry *old, struct err *e)
{
	struct entry n = {.path = old->path, .type = ENTRY_GONE};

	if (covered(s, old->path))
		return 0;
	n.mtime = s->m->time - s->m->time % 1000000000;
	s->cover = old->path;
	return writer_entry(&s->writer, &n, NULL, e);
}

/* Bring hard links up to the file they follow; that one may be gone, and
 * then the first of the others takes its place. */
static void
follow(struct saving *s, size_t i)
{
	struct snapshot *t = s->in->tree;
	struct entry *n = &t->entry[i];
	size_t leader = t->stamp[i].leader;

	while (s->gone[leader] && s->heir[leader] != 0)
		leader = s->heir[leader];
	if (s->gone[leader]) {
		n->type = ENTRY_FILE;
		n->link = (struct slice){"", 0};
		n->size = t->entry[leader].size;
		t->stamp[i].known = false;
		s->heir[leader] = i;
		return;
	}
	n->link = t->entry[leader].path;
	n->size = t->entry[leader].size;
	n->sha256 = t->entry[leader].sha256;
	t->stamp[i].known = true;
}

static int
put_other(
    struct saving *s, struct entry *n, const struct entry *old, struct err *e)
{
	if (old != NULL && entry_same(n, old) &&
	    !s->forced[n - s->in->tree->entry])
		return 0;
	if (old != NULL && old->type == ENTRY_DIR && n->type != ENTRY_DIR)
		s->cover = n->path;
	return writer_entry(&s->writer, n, NULL, e);
}

static int
put_one(struct saving *s, size_t i, const struct entry *old, struct err *e)
{
	struct entry *n = &s->in->tree->entry[i];
	int r;

	if (n->type == ENTRY_HARDLINK)
		follow(s, i);
	if (n->type != ENTRY_FILE) {
		r = put_other(s, n, old, e);
	} else {
		if (old != NULL && old->type == ENTRY_DIR)
			s->cover = n->path;
		r = savefile_put(s, i, old, e);
	}
	if (r < 0)
		return -1;
	if (s->gone[i])
		return old == NULL ? 0 : put_gone(s, old, e);
	s->m->files += n->type == ENTRY_FILE;
	s->m->bytes += n->type == ENTRY_FILE ? n->size : 0;
	return 0;
}

/* Walk both trees along each other. */
static int
put_tree(struct saving *s, struct err *e)
{
	static const struct snapshot none;
	const struct snapshot *base = s->in->base ? s->in->base : &none;
	struct snapshot *t = s->in->tree;
	size_t i = 0, j = 0;
	int r;

	while (i < t->count || j < base->count) {
		if (i == t->count)
			r = 1;
		else if (j == base->count)
			r = -1;
		else
			r = entry_compare(
			    t->entry[i].path, base->entry[j].path);
		if (r > 0) {
			if (put_gone(s, &base->entry[j++], e) < 0)
				return -1;
			continue;
		}
		if (put_one(s, i, r == 0 ? &base->entry[j] : NULL, e) < 0)
			return -1;
		i++;
		j += r == 0;
	}
	return 0;
}

/* A changed hard link needs the file that it follows in the same bundle. */
static void
force_leaders(struct saving *s)
{
	const struct snapshot *t = s->in->tree, *base = s->in->base;
	const struct entry *n, *old;
	ssize_t at;
	size_t i;

	for (i = 0; base != NULL && i < t->count; i++) {
		n = &t->entry[i];
		if (n->type != ENTRY_HARDLINK)
			continue;
		at = snapshot_find(base, n->path);
		old = at < 0 ? NULL : &base->entry[at];
		/* Contents that changed bring the leader by themselves. */
		if (old == NULL || old->type != ENTRY_HARDLINK ||
		    old->mode != n->mode ||
		    entry_compare(old->link, n->link) != 0)
			s->forced[t->stamp[i].leader] = true;
	}
}

/* Take out what vanished. */
static void
compact(struct saving *s)
{
	struct snapshot *t = s->in->tree;
	size_t i, kept = 0;

	for (i = 0; i < t->count; i++) {
		if (s->gone[i])
			continue;
		t->entry[kept] = t->entry[i];
		t->stamp[kept++] = t->stamp[i];
	}
	t->count = kept;
}

static void
saving_free(struct saving *s)
{
	writer_free(&s->writer);
	buf_free(&s->small);
	free(s->gone);
	free(s->forced);
	free(s->heir);
}

static void
count_bytes(struct saving *s)
{
	struct manifest *m = s->m;

	if (m->full) {
		m->full_bytes = s->stored;
		m->deltas = m->delta_bytes = 0;
	} else {
		m->delta_bytes += s->stored;
		m->deltas++;
	}
}

int
save_write(const struct save *in, int fd, const char *name, struct manifest *m,
    struct written *out, struct err *e)
{
	size_t n = in->tree->count + 1;
	struct saving s CLEANUP(saving_free) = {.in = in,
	    .m = m,
	    .gone = mem_new(n, sizeof(bool)),
	    .forced = mem_new(n, sizeof(bool)),
	    .heir = mem_new(n, sizeof(size_t))};

	m->full = in->base == NULL;
	m->files = m->bytes = m->entries = 0;
	writer_init(&s.writer, fd, name, &in->options, m);
	if (writer_head(&s.writer, in->agent, e) < 0)
		return -1;
	force_leaders(&s);
	if (put_tree(&s, e) < 0)
		return -1;
	compact(&s);
	snapshot_digest(in->tree, &in->tree->work);
	m->work = in->tree->work;
	count_bytes(&s);
	return writer_finish(&s.writer, out, e);
}

int
save_durably(int dir, const char *name,
    int (*fill)(void *arg, int fd, struct err *), void *arg, struct err *e)
{
	char tmp[sizeof(BUNDLE_TMP) + RAND_TEXT];
	char nonce[RAND_TEXT];
	int fd CLEANUP_FD = -1;

	assert(file_is_name(name));
	rand_text(nonce);
	(void)snprintf(tmp, sizeof(tmp), BUNDLE_TMP "%s", nonce);
	if (file_open(dir, tmp, O_RDWR | O_CREAT | O_EXCL, 0600, &fd, e) < 0)
		return -1;
	if (fill(arg, fd, e) < 0 || file_sync(fd, name, e) < 0 ||
	    fd_close(&fd, name, e) < 0)
		goto fail;
	if (renameat(dir, tmp, dir, name) < 0) {
		err_set(e, EX_IOERR, errno, "cannot make '%s'", name);
		goto fail;
	}
	return file_sync(dir, name, e);
fail:
	(void)unlinkat(dir, tmp, 0);
	return -1;
}

struct filling {
	const struct save *in;
	const char *name;
	struct manifest *m;
	struct written *out;
};

static int
fill_save(void *arg, int fd, struct err *e)
{
	struct filling *f = arg;

	return save_write(f->in, fd, f->name, f->m, f->out, e);
}

int
save_file(const struct save *in, int dir, const char *name, struct manifest *m,
    struct written *out, struct err *e)
{
	struct filling f = {in, name, m, out};

	return save_durably(dir, name, fill_save, &f, e);
}

int
bundle_sweep(int dir, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (d == NULL) {
		fd_cleanup(&fd);
		return err_set(e, EX_IOERR, errno, "cannot read the folder");
	}
	while (r == 0 && (entry = readdir(d)) != NULL)
		if (strncmp(
			entry->d_name, BUNDLE_TMP, sizeof(BUNDLE_TMP) - 1) == 0)
			r = file_remove_tree(dir, entry->d_name, e);
	(void)closedir(d);
	return r;
}
