/* Three trees made one: nothing of either side is lost, whatever they are. */
#include "agent/joinmerge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tap.h"

/* ---- trees ------------------------------------------------------------------------ */

static void
put(struct snapshot *s, const char *path, enum entry_type type, unsigned mode,
    const char *text)
{
	struct stamp *st;
	struct entry *n = snapshot_add(s, &st);

	n->path = snapshot_keep(s, path, strlen(path));
	n->type = type;
	n->link = (struct slice){"", 0};
	if (entry_has_mode(type))
		n->mode = mode;
	if (entry_has_link(type))
		n->link = snapshot_keep(s, text, strlen(text));
	if (!entry_has_content(type))
		return;
	n->size = (int64_t)strlen(text);
	digest_of(text, strlen(text), &n->sha256);
}

/* "path=text" a file, "path/" a folder, "path@text" a link, "path+text" an
 * executable, "path!NAME" what holds a secret; in order. */
static void
tree(struct snapshot *s, const char *spec)
{
	char *copy CLEANUP_FREE = mem_strdup(spec), *next = copy, *word;

	*s = (struct snapshot){0};
	put(s, "work", ENTRY_DIR, 0755, NULL);
	while ((word = strsep(&next, " ")) != NULL && word[0] != '\0') {
		size_t n = strcspn(word, "=@+!");
		char *path CLEANUP_FREE = NULL;
		char mark = word[n];

		word[n] = '\0';
		path = mem_printf("work/%s", word);
		if (mark == '\0' && path[strlen(path) - 1] == '/') {
			path[strlen(path) - 1] = '\0';
			put(s, path, ENTRY_DIR, 0755, NULL);
			continue;
		}
		put(s, path,
		    mark == '@'   ? ENTRY_SYMLINK
		    : mark == '!' ? ENTRY_WITHHELD
				  : ENTRY_FILE,
		    mark == '+' ? 0755 : 0644, word + n + 1);
	}
}

/* As above, but of contents only the length. */
static void
tell(const struct snapshot *s, size_t i, struct buf *out)
{
	const struct entry *n = &s->entry[i];

	buf_printf(out, "%s%s", out->len == 0 ? "" : " ",
	    n->path.len > 5 ? n->path.data + 5 : ".");
	if (n->type == ENTRY_DIR)
		buf_puts(out, "/");
	else if (n->type == ENTRY_SYMLINK)
		buf_printf(out, "@%s", n->link.data);
	else if (n->type == ENTRY_GONE)
		buf_puts(out, "-");
	else
		buf_printf(
		    out, "%s%d", n->mode == 0755 ? "+" : "=", (int)n->size);
}

/* What the files' workspace is when the plan is done. */
static void
carry_out(const struct snapshot *ours, const struct restoreplan *p,
    struct snapshot *out)
{
	const struct snapshot *a = &p->after;
	size_t i = 0, j = 0;
	int r;

	*out = (struct snapshot){0};
	while (i < ours->count || j < a->count) {
		const struct entry *n;
		struct stamp *st;
		struct entry *copy;

		r = i == ours->count ? 1
		    : j == a->count
			? -1
			: entry_compare(ours->entry[i].path, a->entry[j].path);
		n = r < 0 ? &ours->entry[i] : &a->entry[j];
		i += r <= 0;
		j += r >= 0;
		if (n->type == ENTRY_GONE)
			continue;
		copy = snapshot_add(out, &st);
		*copy = *n;
		copy->path = snapshot_keep(out, n->path.data, n->path.len);
		copy->link = snapshot_keep(out, n->link.data, n->link.len);
	}
}

static void
tell_all(const struct snapshot *s, struct buf *out)
{
	size_t i;

	for (i = 1; i < s->count; i++)
		tell(s, i, out);
}

/* ---- texts -------------------------------------------------------------------------- */

/* Texts of together an even number of letters are merged. */
static int
merge_even(void *arg, const struct entry *base, const struct entry *ours,
    const struct entry *theirs, struct buf *out, const char **why,
    struct err *e)
{
	(void)arg;
	(void)base;
	(void)e;
	*why = "both changed the same lines";
	if ((ours->size + theirs->size) % 2 != 0)
		return 0;
	buf_printf(out, "merged %d", (int)(ours->size + theirs->size));
	return 1;
}

static const struct jointexts texts = {merge_even, NULL};

static int
fail(void *arg, const struct entry *base, const struct entry *ours,
    const struct entry *theirs, struct buf *out, const char **why,
    struct err *e)
{
	(void)arg, (void)base, (void)ours, (void)theirs, (void)out, (void)why;
	return err_set(e, EX_IOERR, 0, "cannot read it");
}

/* ---- cases -------------------------------------------------------------------------- */

static void
is(const char *base, const char *ours, const char *theirs, const char *want,
    const char *conflicts, const char *name)
{
	struct snapshot s[4];
	struct joinmerge j = {0};
	struct buf got CLEANUP_BUF = {0}, bad CLEANUP_BUF = {0};
	struct err e;
	size_t i;

	tree(&s[0], base);
	tree(&s[1], ours);
	tree(&s[2], theirs);
	if (join_merge(&s[0], &s[1], &s[2], "C", &texts, &j, &e) < 0)
		buf_puts(&bad, e.msg);
	carry_out(&s[1], &j.plan, &s[3]);
	tell_all(&s[3], &got);
	for (i = 0; i < j.conflict_count; i++)
		buf_printf(&bad, "%s%s", i == 0 ? "" : " ", j.conflict[i].path);
	if (!ok(strcmp(buf_str(&got), want) == 0 &&
		    strcmp(buf_str(&bad), conflicts) == 0,
		"%s", name))
		printf("# tree %s\n# conflicts %s\n", buf_str(&got),
		    buf_str(&bad));
	joinmerge_free(&j);
	for (i = 0; i < 4; i++)
		snapshot_free(&s[i]);
}

static void
one_side(void)
{
	is("a=1", "a=1", "a=12", "a=2", "", "what the child changed is taken");
	is("a=1", "a=12", "a=1", "a=2", "", "what the parent changed stays");
	is("a=1", "a=12", "a=12", "a=2", "", "what both changed alike is done");
	is("a=1", "a=1", "a=1 d/ d/b=12", "a=1 d/ d/b=2", "",
	    "what the child added is added");
	is("a=1 d/ d/b=12", "a=1 d/ d/b=12", "a=1", "a=1", "",
	    "what it removed is removed");
	is("a=1 d/ d/b=12", "a=1 d/ d/b=12 d/c=1", "a=1", "a=1 d/ d/c=1", "",
	    "but not the folder of what the parent added");
	is("d/ d/b=1 d/c=1", "", "d/ d/b=1 d/c=1 d/d/ d/d/e=123",
	    "d/ d/d/ d/d/e=3", "",
	    "what the child adds brings the folder back that the parent "
	    "removed");
	is("a=1", "a=1", "a+1", "a+1", "", "a mode is taken");
	is("a=1", "a=12", "a+1", "a+2", "", "also of a file that is another");
	is("a=1", "a+1", "a=12", "a+2", "", "and the parent's stays");
	is("a=1", "a=1", "a@b", "a@b", "", "a file becomes a link");
	is("a/ a/b=1", "a/ a/b=1", "a=12", "a=2", "", "a folder a file");
	is("a=1", "a=1", "a/ a/b/ a/b/c=12", "a/ a/b/ a/b/c=2", "",
	    "and a file a folder");
	is("a=1 b=12", "a=12 b=12", "a=1", "a=2", "",
	    "different files are joined");
}

static void
both_sides(void)
{
	is("a=1", "a=12", "a=123", "a=2 a.C.theirs=3", "a",
	    "of what both changed, the child's is put beside the parent's");
	is("a=1", "a=12", "a=1234", "a=8", "", "unless the two can be merged");
	is("", "a=1", "a=12", "a=1 a.C.theirs=2", "a",
	    "so it is with what both added");
	is("", "a=1", "a=123", "a=1 a.C.theirs=3", "a",
	    "where nothing can be merged");
	is("a=1", "", "a=12", "a.C.theirs=2", "a",
	    "the parent removed it, the child changed it");
	is("d/ d/a=1", "", "d/ d/a=12", "d/ d/a.C.theirs=2", "d/a",
	    "also in a folder that is gone");
	is("a=1", "a=12", "", "a=2", "a",
	    "the parent changed it, the child removed it");
	is("d/ d/a=1 d/b=1", "d/ d/a=12 d/b=1", "", "d/ d/a=2", "d/a",
	    "of a folder that the child removed the rest goes");
	is("a@x", "a@y", "a@z", "a@y a.C.theirs@z", "a", "links likewise");
	is("a=1", "a+1", "a@z", "a+1 a.C.theirs@z", "a",
	    "a mode here, another kind there");
	is("a=1", "a/ a/b=12", "a=123", "a/ a/b=2 a.C.theirs=3", "a",
	    "a folder here, a file there");
	is("a=1", "a=12", "a/ a/b=123 a/c/",
	    "a=2 a.C.theirs/ a.C.theirs/b=3 "
	    "a.C.theirs/c/",
	    "a", "a file here, a folder there, which is whole beside it");
	is("a=1", "a=12 a.C.theirs=1", "a=123 a.C.theirs.2=12345",
	    "a=2 a.C.theirs=1 a.C.theirs.2=5 a.C.theirs.3=3", "a",
	    "nothing is put where either has something");
	is("a=1 b=1 c=1", "a=12 b=12 c=12", "a=123 b=1234 c=123",
	    "a=2 a.C.theirs=3 b=8 c=2 c.C.theirs=3", "a c",
	    "each file is looked at by itself");
}

static void
secrets(void)
{
	is("a=1 s!KEY", "a=1 s!KEY", "a=12 s!KEY", "a=2 s=0", "",
	    "what holds a secret on both sides is left alone");
	is("a=1 s=1", "a=1 s!KEY", "a=12 s!KEY", "a=2 s=0", "",
	    "whatever it was before");
	is("a=1", "a=1", "a=1 s!KEY", "a=1", "s",
	    "the child's own cannot be had, and is listed");
	is("", "", "d/ d/a=1 d/s!KEY", "d/ d/a=1", "d/s",
	    "alone of the folder that it is in");
	is("s=1", "s!KEY", "s=12", "s=0 s.C.theirs=2", "s",
	    "the parent's own is never replaced");
	is("s=1", "s!KEY", "", "s=0", "s", "nor removed");
}

static void
names(void)
{
	char base[700], ours[700], theirs[700], want[1600], n[256];

	memset(n, 'n', 255);
	n[255] = '\0';
	(void)snprintf(base, sizeof(base), "%s=1", n);
	(void)snprintf(ours, sizeof(ours), "%s=12", n);
	(void)snprintf(theirs, sizeof(theirs), "%s=123", n);
	(void)snprintf(want, sizeof(want), "%.246s.C.theirs=3 %s=2", n, n);
	is(base, ours, theirs, want, n, "a name that is too long is cut");
}

static void
failing(void)
{
	static const struct jointexts bad = {fail, NULL};
	struct snapshot s[3];
	struct joinmerge j = {0};
	struct err e;
	int i, got;

	tree(&s[0], "a=1 b=1");
	tree(&s[1], "a=12 b=1");
	tree(&s[2], "a=123 b=12");
	got = join_merge(&s[0], &s[1], &s[2], "C", &bad, &j, &e);
	ok(got < 0 && e.status == EX_IOERR && j.plan.after.count == 0,
	    "contents that cannot be read are an error, not a conflict");
	for (i = 0; i < 3; i++)
		snapshot_free(&s[i]);
}

/* ---- any trees ---------------------------------------------------------------------- */

static void
random_one(struct snapshot *s, const char *path, int depth,
    const struct snapshot *like, unsigned *seed)
{
	static const char *const contents[] = {"1", "12", "123", "1234"};
	ssize_t i = snapshot_find(like, (struct slice){path, strlen(path)});
	bool follow = like->count > 0 && rand_r(seed) % 4 != 0;
	const char *text = contents[rand_r(seed) % 4];
	unsigned mode = rand_r(seed) % 2 == 0 ? 0755 : 0644;
	int what = rand_r(seed) % 5, k;
	enum entry_type type = what < 2    ? ENTRY_FILE
			       : what == 2 ? ENTRY_SYMLINK
			       : what == 3 ? ENTRY_DIR
					   : ENTRY_GONE;

	if (follow && i < 0)
		return;
	if (follow) {
		const struct entry *n = &like->entry[i];

		type = n->type;
		mode = n->mode;
		text = type == ENTRY_FILE ? contents[n->size - 1] : "1";
		if (type == ENTRY_SYMLINK)
			text = n->link.data;
	}
	if (type == ENTRY_GONE || (type == ENTRY_DIR && depth == 0))
		return;
	put(s, path, type, type == ENTRY_DIR ? 0755 : mode, text);
	for (k = 0; type == ENTRY_DIR && k < 3; k++) {
		char *below CLEANUP_FREE = mem_printf("%s/%c", path, 'a' + k);

		random_one(s, below, depth - 1, like, seed);
	}
}

static void
random_tree(struct snapshot *s, const struct snapshot *like, unsigned *seed)
{
	static const char *const top[] = {
	    "work/a", "work/a.C.theirs", "work/b", "work/c"};
	size_t k;

	*s = (struct snapshot){0};
	put(s, "work", ENTRY_DIR, 0755, NULL);
	for (k = 0; k < COUNT_OF(top); k++)
		random_one(s, top[k], 3, like, seed);
}

static bool
same_tree(const struct snapshot *a, const struct snapshot *b)
{
	struct digest x, y;

	snapshot_digest(a, &x);
	snapshot_digest(b, &y);
	return a->count == b->count && digest_equal(&x, &y);
}

/* In order, each with its folder. */
static bool
is_tree(const struct snapshot *s)
{
	size_t i;

	for (i = 1; i < s->count; i++) {
		struct slice p = s->entry[i].path;
		ssize_t dir;

		if (entry_compare(s->entry[i - 1].path, p) >= 0)
			return false;
		while (p.data[p.len - 1] != '/')
			p.len--;
		p.len--;
		dir = snapshot_find(s, p);
		if (dir < 0 || s->entry[dir].type != ENTRY_DIR)
			return false;
	}
	return true;
}

static const struct entry *
find(const struct snapshot *s, struct slice path)
{
	ssize_t i = snapshot_find(s, path);

	return i < 0 ? NULL : &s->entry[i];
}

/* But for the mode, which may be the other side's. */
static bool
as(const struct entry *a, const struct entry *b)
{
	struct entry copy;

	if (a == NULL || b == NULL)
		return a == b;
	copy = *a;
	if (a->type == ENTRY_FILE)
		copy.mode = b->mode;
	return entry_same(&copy, b);
}

/* The child's version of a path that is a conflict, or lies in one. */
static const struct entry *
find_beside(
    const struct joinmerge *j, const struct snapshot *all, struct slice path)
{
	struct buf to CLEANUP_BUF = {0};
	size_t i, n;

	for (i = 0; i < j->conflict_count; i++) {
		const struct joinconflict *c = &j->conflict[i];

		n = strlen(c->path) + 5;
		if (c->beside == NULL || path.len < n ||
		    memcmp(path.data + 5, c->path, n - 5) != 0 ||
		    (path.len > n && path.data[n] != '/'))
			continue;
		buf_printf(&to, "work/%s", c->beside);
		buf_add(&to, path.data + n, path.len - n);
		return find(all, (struct slice){to.data, to.len});
	}
	return NULL;
}

static bool
is_merged(const struct entry *n)
{
	return n != NULL && n->type == ENTRY_FILE && n->size > 4;
}

/* Of each path that a side changed: is it there still? */
static bool
keeps_ours(const struct snapshot *s, const struct snapshot *all)
{
	size_t i;

	for (i = 1; i < s[1].count; i++) {
		const struct entry *o = &s[1].entry[i];
		const struct entry *now = find(all, o->path);

		if (!as(find(&s[0], o->path), o) && !as(now, o) &&
		    !(o->type == ENTRY_FILE && is_merged(now)))
			return false;
	}
	return true;
}

static bool
keeps_theirs(const struct joinmerge *j, const struct snapshot *s,
    const struct snapshot *all)
{
	size_t i;

	for (i = 1; i < s[2].count; i++) {
		const struct entry *t = &s[2].entry[i];
		const struct entry *now = find(all, t->path);

		if (!as(find(&s[0], t->path), t) && !as(now, t) &&
		    !(t->type == ENTRY_FILE && is_merged(now)) &&
		    !as(find_beside(j, all, t->path), t))
			return false;
	}
	return true;
}

static bool
same_conflicts(const struct joinmerge *a, const struct joinmerge *b)
{
	size_t i;

	if (a->conflict_count != b->conflict_count)
		return false;
	for (i = 0; i < a->conflict_count; i++)
		if (strcmp(a->conflict[i].path, b->conflict[i].path) != 0)
			return false;
	return true;
}

struct counts {
	int one, none, alike, broken, ours, theirs, turned, again, conflicts;
};

static void
join(const struct snapshot *b, const struct snapshot *o,
    const struct snapshot *t, struct joinmerge *j, struct snapshot *all)
{
	struct err e;

	if (join_merge(b, o, t, "C", &texts, j, &e) < 0)
		abort();
	carry_out(o, &j->plan, all);
}

static void
try(const struct snapshot *s, struct counts *c)
{
	struct buf text[2] = {{0}, {0}};
	struct joinmerge j[5];
	struct snapshot all[5];
	int i;

	join(&s[0], &s[0], &s[2], &j[0], &all[0]);
	c->one += j[0].conflict_count > 0 || !same_tree(&all[0], &s[2]);
	join(&s[0], &s[1], &s[0], &j[1], &all[1]);
	c->none += j[1].conflict_count > 0 || j[1].plan.after.count > 0;
	join(&s[0], &s[1], &s[1], &j[2], &all[2]);
	c->alike += j[2].conflict_count > 0 || j[2].plan.after.count > 0;
	join(&s[0], &s[1], &s[2], &j[3], &all[3]);
	c->broken += !is_tree(&all[3]);
	c->ours += !keeps_ours(s, &all[3]);
	c->theirs += !keeps_theirs(&j[3], s, &all[3]);
	c->conflicts += j[3].conflict_count > 0;
	restoreplan_text(&j[3].plan, &text[0]);
	join(&s[0], &s[2], &s[1], &j[4], &all[4]);
	c->turned += !same_conflicts(&j[3], &j[4]);
	joinmerge_free(&j[4]);
	snapshot_free(&all[4]);
	join(&s[0], &s[1], &s[2], &j[4], &all[4]);
	restoreplan_text(&j[4].plan, &text[1]);
	c->again += text[0].len != text[1].len ||
		    (text[0].len > 0 &&
			memcmp(text[0].data, text[1].data, text[0].len) != 0);
	for (i = 0; i < 5; i++) {
		joinmerge_free(&j[i]);
		snapshot_free(&all[i]);
	}
	buf_free(&text[0]);
	buf_free(&text[1]);
}

static void
any_trees(void)
{
	static const struct snapshot nothing;
	struct counts c = {0};
	unsigned seed = 3;
	int i, k;

	for (i = 0; i < 4000; i++) {
		struct snapshot s[3];

		random_tree(&s[0], &nothing, &seed);
		random_tree(&s[1], &s[0], &seed);
		random_tree(&s[2], &s[0], &seed);
		try(s, &c);
		for (k = 0; k < 3; k++)
			snapshot_free(&s[k]);
	}
	ok(c.one == 0,
	    "where the parent did nothing, all is as the child has "
	    "it (4,000 random trees; %d are not)",
	    c.one);
	ok(c.none == 0, "where the child did nothing, nothing is done");
	ok(c.alike == 0, "nor where both are the same");
	ok(c.broken == 0, "what comes of it is a tree (%d are not)", c.broken);
	ok(c.ours == 0, "all that the parent changed stays (%d)", c.ours);
	ok(c.theirs == 0, "all that the child changed is there, or beside (%d)",
	    c.theirs);
	ok(c.turned == 0,
	    "which one is the parent does not matter for what "
	    "is a conflict (%d)",
	    c.turned);
	ok(c.again == 0, "the same trees give the same plan");
	ok(c.conflicts > 1000, "and there were conflicts (%d)", c.conflicts);
}

int
main(void)
{
	one_side();
	both_sides();
	secrets();
	names();
	failing();
	any_trees();
	return done();
}
