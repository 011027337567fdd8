#include "bundle/withhold.h"

#include <errno.h>
#include <string.h>
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

/* 1 when the entry holds a value other than in its path, 0, or -1. */
static int
holds(int root, const struct entry *n, const struct stamp *st,
    const struct secrets *secrets, struct err *e)
{
	int fd CLEANUP_FD = -1, found;
	struct err why = {0};

	if (n->type == ENTRY_SYMLINK)
		return secrets_in(secrets, n->link.data, n->link.len);
	if (n->type != ENTRY_FILE || st->known || n->size < SECRET_LEAST)
		return 0;
	if (scan_open(root, n, &fd, &why) < 0) {
		/* whoever saves it says so, or finds it gone */
		return 0;
	}
	found = read_file(fd, secrets, e);
	return found < 0 ? err_wrap(e, "'%s'", n->path.data) : found;
}

struct withholding {
	int root;
	struct snapshot *tree;
	const struct secrets *secrets;
	struct slice *names; /* of each entry's secrets; empty: none */
	bool *unnamed;       /* its path holds one */
};

/* Of an entry that holds some, which? */
static int
name_all(struct withholding *w, size_t i, struct err *e)
{
	const struct entry *n = &w->tree->entry[i];
	struct buf text CLEANUP_BUF = {0};
	struct secrets one = *w->secrets;
	size_t k;
	int got;

	one.count = 1;
	for (k = 0; k < w->secrets->count; k++) {
		one.list = &w->secrets->list[k];
		got = secrets_in(&one, n->path.data, n->path.len)
			  ? 1
			  : holds(w->root, n, &w->tree->stamp[i], &one, e);
		if (got < 0)
			return -1;
		if (got > 0)
			buf_printf(&text, "%s%s", text.len > 0 ? " " : "",
			    one.list->name);
	}
	/* It may have changed between two looks. */
	if (text.len == 0)
		buf_puts(&text, w->secrets->list[0].name);
	w->names[i] = snapshot_keep(w->tree, buf_str(&text), text.len);
	return 0;
}

static int
look(struct withholding *w, size_t i, struct err *e)
{
	const struct entry *n = &w->tree->entry[i];
	int got;

	w->unnamed[i] = secrets_in(w->secrets, n->path.data, n->path.len);
	if (w->names[i].len > 0)
		return 0;
	got = w->unnamed[i]
		  ? 1
		  : holds(w->root, n, &w->tree->stamp[i], w->secrets, e);
	return got > 0 ? name_all(w, i, e) : got;
}

static bool
all_known(const struct secrets *secrets, struct slice names)
{
	char *text CLEANUP_FREE = mem_dup(names.data, names.len), *rest = text;
	const char *name;

	while ((name = strsep(&rest, " ")) != NULL)
		if (secrets == NULL || secrets_find(secrets, name) == NULL)
			return false;
	return true;
}

static bool
unchanged(const struct entry *a, const struct stamp *at, const struct entry *b,
    const struct stamp *bt)
{
	return a->size == b->size && a->mtime == b->mtime &&
	       at->inode == bt->inode && at->changed == bt->changed;
}

/* What the bundle before has withheld, and may not be judged anew. */
static void
carry_over(struct withholding *w, const struct snapshot *last)
{
	struct snapshot *t = w->tree;
	size_t j;
	ssize_t i;

	for (j = 0; last != NULL && j < last->count; j++) {
		const struct entry *o = &last->entry[j];
		struct entry *n;

		if (o->type != ENTRY_WITHHELD)
			continue;
		i = snapshot_find(t, o->path);
		n = i < 0 ? NULL : &t->entry[i];
		if (n == NULL || n->type > ENTRY_HARDLINK ||
		    n->type == ENTRY_DIR)
			continue;
		if (!unchanged(o, &last->stamp[j], n, &t->stamp[i]) &&
		    all_known(w->secrets, o->link))
			continue;
		w->names[i] = snapshot_keep(t, o->link.data, o->link.len);
		/* The stamp stays that of what was judged. */
		n->size = o->size;
		n->mtime = o->mtime;
		t->stamp[i].inode = last->stamp[j].inode;
		t->stamp[i].changed = last->stamp[j].changed;
	}
}

/* All names of a file share its contents, and its fate. */
static void
join_links(struct withholding *w)
{
	const struct snapshot *t = w->tree;
	size_t i, leader;
	int pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < t->count; i++) {
			leader = t->stamp[i].leader;
			if (t->entry[i].type != ENTRY_HARDLINK || w->unnamed[i])
				continue;
			if (w->names[leader].len == 0)
				w->names[leader] = w->names[i];
			else if (w->names[i].len == 0)
				w->names[i] = w->names[leader];
		}
}

static void
put_out(struct withholding *w, struct buf *out)
{
	struct snapshot *t = w->tree;
	size_t *place CLEANUP_FREE = mem_new(t->count, sizeof(*place));
	size_t i, kept = 0;

	for (i = 0; i < t->count; i++) {
		struct entry *n = &t->entry[i];

		place[i] = kept;
		if (w->names[i].len > 0) {
			buf_add(out, n->path.data + sizeof(ENTRY_WORK),
			    n->path.len - sizeof(ENTRY_WORK));
			buf_putc(out, '\n');
			n->type = ENTRY_WITHHELD;
			n->link = w->names[i];
			t->stamp[i].known = false;
		}
		if (w->unnamed[i])
			continue;
		t->entry[kept] = *n;
		t->stamp[kept] = t->stamp[i];
		if (n->type == ENTRY_HARDLINK)
			t->stamp[kept].leader = place[t->stamp[i].leader];
		kept++;
	}
	t->count = kept;
}

int
withhold(int root, struct snapshot *s, const struct snapshot *last,
    const struct secrets *secrets, struct buf *out, struct err *e)
{
	struct slice *names CLEANUP_FREE = mem_new(s->count, sizeof(*names));
	bool *unnamed CLEANUP_FREE = mem_new(s->count, sizeof(*unnamed));
	struct withholding w = {root, s, secrets, names, unnamed};
	size_t i;

	carry_over(&w, last);
	for (i = 0; secrets != NULL && i < s->count; i++)
		if (look(&w, i, e) < 0)
			return -1;
	join_links(&w);
	put_out(&w, out);
	return 0;
}
