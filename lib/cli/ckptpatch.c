#include "cli/ckptpatch.h"

#include <string.h>

#include "base/utf8.h"

enum kind { NONE, REGULAR, LINK, OTHER };

/* What stands there on one side; NULL: nothing. */
struct half {
	const struct entry *entry;
	struct buf text; /* contents, or a link's text */
	bool large;
};

static void
half_free(struct half *h)
{
	buf_free(&h->text);
}

void
patch_free(struct patch *p)
{
	buf_free(&p->text);
}

static enum kind
kind_of(const struct entry *n)
{
	if (n == NULL)
		return NONE;
	switch (n->type) {
	case ENTRY_FILE:
	case ENTRY_HARDLINK:
		return REGULAR;
	case ENTRY_SYMLINK:
		return LINK;
	default:
		return OTHER;
	}
}

static struct slice
path_of(const struct entry *n)
{
	size_t skip = sizeof(ENTRY_WORK);

	if (n->path.len < skip)
		return (struct slice){".", 1};
	return (struct slice){n->path.data + skip, n->path.len - skip};
}

struct slice
patch_path(const struct diff_change *c)
{
	return path_of(c->kind == DIFF_REMOVED ? &c->before : &c->after);
}

/* ---- names -------------------------------------------------------------------------------- */

static bool
is_odd(struct slice s)
{
	struct buf safe CLEANUP_BUF = {0};

	if (memchr(s.data, '"', s.len) != NULL ||
	    memchr(s.data, '\\', s.len) != NULL)
		return true;
	utf8_safe(&safe, s.data, s.len, false);
	return safe.len != s.len || memcmp(safe.data, s.data, s.len) != 0;
}

void
patch_name(struct buf *out, const char *before, struct slice name)
{
	static const char plain[] = "abtnvfr";
	size_t i;

	if (name.len > 0 && !is_odd(name)) {
		buf_puts(out, before);
		buf_add(out, name.data, name.len);
		return;
	}
	buf_printf(out, "\"%s", before);
	for (i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.data[i];

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c >= 7 && c <= 13)
			buf_printf(out, "\\%c", plain[c - 7]);
		else if (c < 0x20 || c >= 0x7f)
			buf_printf(out, "\\%03o", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}

/* A line of the head: a tab tells where a name with blanks ends. */
static void
put_file(struct buf *out, const char *mark, const char *before,
    const struct entry *n)
{
	struct slice name;

	buf_puts(out, mark);
	if (n == NULL) {
		buf_puts(out, "/dev/null\n");
		return;
	}
	name = path_of(n);
	patch_name(out, before, name);
	if (memchr(name.data, ' ', name.len) != NULL)
		buf_putc(out, '\t');
	buf_putc(out, '\n');
}

static void
put_named(struct buf *out, const char *word, const struct entry *n)
{
	buf_puts(out, word);
	patch_name(out, "", path_of(n));
}

/* ---- one path ------------------------------------------------------------------------------- */

static int
load(const struct patch *p, struct ckpt_side *s, struct half *h, struct err *e)
{
	const struct entry *n = h->entry;

	if (kind_of(n) == LINK)
		buf_add(&h->text, n->link.data, n->link.len);
	if (kind_of(n) != REGULAR || n->size == 0)
		return 0;
	h->large = n->size > p->most;
	return h->large ? 0
			: ckpt_side_content(s, n, (size_t)p->most, &h->text, e);
}

static bool
is_text(const struct half *h)
{
	const char *s = buf_str(&h->text);

	return !h->large && memchr(s, '\0', h->text.len) == NULL &&
	       utf8_valid(s, h->text.len) == h->text.len;
}

static unsigned
git_mode(const struct entry *n)
{
	return n->type == ENTRY_SYMLINK ? 0120000 : 0100000 | n->mode;
}

static bool
same_content(const struct entry *a, const struct entry *b)
{
	if (a == NULL || b == NULL) {
		const struct entry *n = a == NULL ? b : a;

		return kind_of(n) == REGULAR && n->size == 0;
	}
	return kind_of(a) == REGULAR && digest_equal(&a->sha256, &b->sha256);
}

/* git's "index" line, without which patch(1) neither removes what is empty nor
 * changes a link.  Ours has SHA-256, as the bundle's index does. */
static void
put_index(struct patch *p, const struct entry *a, const struct entry *b)
{
	const struct entry *both[] = {a, b};
	struct digest d;
	char hex[DIGEST_HEX + 1];
	int i;

	for (i = 0; i < 2; i++) {
		d = (struct digest){0};
		if (kind_of(both[i]) == REGULAR)
			d = both[i]->sha256;
		else if (both[i] != NULL)
			digest_of(both[i]->link.data, both[i]->link.len, &d);
		digest_hex(&d, hex);
		buf_printf(&p->text, "%s%.12s", i == 0 ? "index " : "..", hex);
	}
	if (a != NULL && b != NULL && git_mode(a) == git_mode(b))
		buf_printf(&p->text, " %06o", git_mode(b));
	buf_putc(&p->text, '\n');
}

static void
put_head(struct patch *p, const struct entry *a, const struct entry *b)
{
	const struct entry *n = a == NULL ? b : a;

	buf_puts(&p->text, "diff --git ");
	patch_name(&p->text, "a/", path_of(n));
	buf_putc(&p->text, ' ');
	patch_name(&p->text, "b/", path_of(n));
	buf_putc(&p->text, '\n');
	if (a == NULL)
		buf_printf(&p->text, "new file mode %06o\n", git_mode(b));
	else if (b == NULL)
		buf_printf(&p->text, "deleted file mode %06o\n", git_mode(a));
	else if (git_mode(a) != git_mode(b))
		buf_printf(&p->text, "old mode %06o\nnew mode %06o\n",
		    git_mode(a), git_mode(b));
	if (a == NULL || b == NULL || !same_content(a, b))
		put_index(p, a, b);
}

static void
put_content(struct patch *p, const struct half *a, const struct half *b)
{
	struct textdiff_counts c;

	if (!is_text(a) || !is_text(b)) {
		p->binary = true;
		buf_puts(&p->text, "Binary files ");
		if (a->entry == NULL)
			buf_puts(&p->text, "/dev/null");
		else
			patch_name(&p->text, "a/", path_of(a->entry));
		buf_puts(&p->text, " and ");
		if (b->entry == NULL)
			buf_puts(&p->text, "/dev/null");
		else
			patch_name(&p->text, "b/", path_of(b->entry));
		buf_puts(&p->text, " differ\n");
		return;
	}
	put_file(&p->text, "--- ", "a/", a->entry);
	put_file(&p->text, "+++ ", "b/", b->entry);
	textdiff((struct slice){buf_str(&a->text), a->text.len},
	    (struct slice){buf_str(&b->text), b->text.len}, TEXTDIFF_CONTEXT,
	    &p->text, &c);
	p->counts.added += c.added;
	p->counts.removed += c.removed;
}

static struct slice
linked(const struct entry *n)
{
	return n != NULL && n->type == ENTRY_HARDLINK ? n->link
						      : (struct slice){"", 0};
}

/* Which file a path is the same as. */
static void
put_hard_link(struct patch *p, const struct entry *a, const struct entry *b)
{
	struct slice was = linked(a), is = linked(b);
	struct entry other = {.path = is};

	if (b == NULL ||
	    (was.len == is.len && memcmp(was.data, is.data, is.len) == 0))
		return;
	put_named(&p->text, is.len > 0 ? "hard link " : "no hard link ", b);
	if (is.len > 0)
		put_named(&p->text, " to ", &other);
	buf_putc(&p->text, '\n');
}

/* Folders and what has no contents. */
static void
put_other(struct patch *p, const struct entry *a, const struct entry *b)
{
	const struct entry *n = a == NULL ? b : a;
	const char *type =
	    n->type == ENTRY_DIR ? "folder" : entry_type_name(n->type);

	buf_printf(&p->text, "%s%s",
	    a == NULL   ? "new "
	    : b == NULL ? "deleted "
			: "",
	    type);
	put_named(&p->text, " ", n);
	if (a != NULL && b != NULL && a->mode != b->mode)
		buf_printf(&p->text, ": mode %04o to %04o", a->mode, b->mode);
	buf_putc(&p->text, '\n');
}

static int
put_pair(struct patch *p, const struct entry *before, const struct entry *after,
    struct err *e)
{
	struct half a CLEANUP(half_free) = {.entry = before};
	struct half b CLEANUP(half_free) = {.entry = after};

	if (kind_of(before == NULL ? after : before) == OTHER) {
		put_other(p, before, after);
		return 0;
	}
	put_hard_link(p, before, after);
	if (same_content(before, after)) {
		if (before == NULL || after == NULL ||
		    git_mode(before) != git_mode(after))
			put_head(p, before, after);
		return 0;
	}
	if (load(p, p->side[0], &a, e) < 0 || load(p, p->side[1], &b, e) < 0)
		return -1;
	put_head(p, before, after);
	put_content(p, &a, &b);
	return 0;
}

int
patch_make(struct patch *p, const struct diff_change *c, struct err *e)
{
	const struct entry *a = c->kind == DIFF_ADDED ? NULL : &c->before;
	const struct entry *b = c->kind == DIFF_REMOVED ? NULL : &c->after;

	buf_clear(&p->text);
	p->counts = (struct textdiff_counts){0};
	p->binary = false;
	/* A file that became a link is one that went and one that came. */
	if (a != NULL && b != NULL &&
	    (kind_of(a) != kind_of(b) ||
		(kind_of(a) == OTHER && a->type != b->type)))
		return put_pair(p, a, NULL, e) < 0 ? -1
						   : put_pair(p, NULL, b, e);
	return put_pair(p, a, b, e);
}
