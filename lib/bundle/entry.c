#include "bundle/entry.h"

#include <string.h>

static const char *const names[ENTRY_TYPES] = {"file", "dir", "symlink",
    "hardlink", "gone", "fifo", "socket", "char", "block", "mount", "withheld"};

void
entry_text_free(struct entry_text *t)
{
	buf_free(&t->path);
	buf_free(&t->link);
}

const char *
entry_type_name(enum entry_type t)
{
	return names[t];
}

bool
entry_stored(enum entry_type t)
{
	return t <= ENTRY_GONE;
}

int
entry_compare(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len, i = 0;
	unsigned char x, y;

	if (n > 0 && memcmp(a.data, b.data, n) == 0)
		return (a.len > b.len) - (a.len < b.len);
	while (i < n && a.data[i] == b.data[i])
		i++;
	if (i == n)
		return 0; /* both empty */
	x = (unsigned char)a.data[i];
	y = (unsigned char)b.data[i];
	if (x == '/' || y == '/')
		return x == '/' ? -1 : 1;
	return x < y ? -1 : 1;
}

bool
entry_below(struct slice path, struct slice dir)
{
	return path.len > dir.len && path.data[dir.len] == '/' &&
	       memcmp(path.data, dir.data, dir.len) == 0;
}

bool
entry_path_good(struct slice p)
{
	size_t at = 0, n;
	const char *slash;

	if (p.len == 0 || p.len > ENTRY_PATH_MAX ||
	    memchr(p.data, 0, p.len) != NULL)
		return false;
	while (at <= p.len) {
		slash = memchr(p.data + at, '/', p.len - at);
		n = (slash == NULL ? p.len : (size_t)(slash - p.data)) - at;
		if (n == 0 || n > 255 || (n == 1 && p.data[at] == '.') ||
		    (n == 2 && memcmp(p.data + at, "..", 2) == 0))
			return false;
		if (at == 0 &&
		    !(n == 4 && memcmp(p.data, ENTRY_WORK, 4) == 0) &&
		    !(n == 5 && memcmp(p.data, "agent", 5) == 0))
			return false;
		at += n + 1;
	}
	return true;
}

static bool
slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
entry_has_content(enum entry_type t)
{
	return t == ENTRY_FILE || t == ENTRY_HARDLINK;
}

bool
entry_has_link(enum entry_type t)
{
	return t == ENTRY_SYMLINK || t == ENTRY_HARDLINK || t == ENTRY_WITHHELD;
}

bool
entry_has_mode(enum entry_type t)
{
	return t != ENTRY_SYMLINK && t != ENTRY_GONE && t != ENTRY_WITHHELD;
}

bool
entry_has_time(enum entry_type t)
{
	return t <= ENTRY_HARDLINK;
}

bool
entry_same(const struct entry *a, const struct entry *b)
{
	if (a->type != b->type ||
	    (entry_has_mode(a->type) && a->mode != b->mode))
		return false;
	if (entry_has_content(a->type) &&
	    (a->size != b->size || !digest_equal(&a->sha256, &b->sha256)))
		return false;
	return !entry_has_link(a->type) || slice_equal(a->link, b->link);
}
