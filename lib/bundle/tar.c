#include "bundle/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Where a header has the size, and in how many octal digits. */
enum { SIZE = 124, SIZE_DIGITS = 11 };

/* The functions of libarchive that are used, found by name. */
struct api {
	struct archive *(*write_new)(void);
	int (*write_set_format_pax)(struct archive *);
	int (*write_set_format_option)(
	    struct archive *, const char *, const char *, const char *);
	int (*write_set_bytes_per_block)(struct archive *, int);
	int (*write_open)(struct archive *, void *, archive_open_callback *,
	    archive_write_callback *, archive_close_callback *);
	int (*write_header)(struct archive *, struct archive_entry *);
	int (*write_free)(struct archive *);
	const char *(*error_string)(struct archive *);
	struct archive_entry *(*entry_new)(void);
	void (*entry_free)(struct archive_entry *);
	void (*set_pathname)(struct archive_entry *, const char *);
	void (*set_symlink)(struct archive_entry *, const char *);
	void (*set_hardlink)(struct archive_entry *, const char *);
	void (*set_filetype)(struct archive_entry *, unsigned);
	void (*set_perm)(struct archive_entry *, mode_t);
	void (*set_size)(struct archive_entry *, la_int64_t);
	void (*set_mtime)(struct archive_entry *, time_t, long);
};

struct tar {
	struct api api;
	void *library; /* never closed: its own at-exit work may follow */
	locale_t utf8;
};

static void *
open_library(void)
{
	return dlopen("libarchive.so.13", RTLD_LAZY | RTLD_LOCAL);
}

static int
load(struct tar *t, struct err *e)
{
	const struct {
		const char *name;
		void *where;
	} all[] = {
	    {"archive_write_new", &t->api.write_new},
	    {"archive_write_set_format_pax", &t->api.write_set_format_pax},
	    {"archive_write_set_format_option",
		&t->api.write_set_format_option},
	    {"archive_write_set_bytes_per_block",
		&t->api.write_set_bytes_per_block},
	    {"archive_write_open", &t->api.write_open},
	    {"archive_write_header", &t->api.write_header},
	    {"archive_write_free", &t->api.write_free},
	    {"archive_error_string", &t->api.error_string},
	    {"archive_entry_new", &t->api.entry_new},
	    {"archive_entry_free", &t->api.entry_free},
	    {"archive_entry_copy_pathname", &t->api.set_pathname},
	    {"archive_entry_copy_symlink", &t->api.set_symlink},
	    {"archive_entry_copy_hardlink", &t->api.set_hardlink},
	    {"archive_entry_set_filetype", &t->api.set_filetype},
	    {"archive_entry_set_perm", &t->api.set_perm},
	    {"archive_entry_set_size", &t->api.set_size},
	    {"archive_entry_set_mtime", &t->api.set_mtime},
	};
	void *library, *sym;
	size_t i;

	library = open_library();
	if (library == NULL)
		return err_set(e, EX_UNAVAILABLE, 0,
		    "cannot load libarchive (install libarchive13): %.200s",
		    dlerror());
	for (i = 0; i < COUNT_OF(all); i++) {
		sym = dlsym(library, all[i].name);
		if (sym == NULL)
			return err_set(e, EX_UNAVAILABLE, 0,
			    "libarchive is too old: it has no '%s'",
			    all[i].name);
		/* POSIX dlsym: an object pointer that is a function's. */
		memcpy(all[i].where, &sym, sizeof(sym));
	}
	t->library = library;
	return 0;
}

void
tar_preload(void)
{
	(void)open_library();
}

void
tar_new(struct tar **out)
{
	*out = mem_new(1, sizeof(**out));
}

void
tar_free(struct tar *t)
{
	if (t == NULL)
		return;
	if (t->utf8 != (locale_t)0)
		freelocale(t->utf8);
	free(t);
}

void
tar_cleanup(struct tar **t)
{
	tar_free(*t);
	*t = NULL;
}

/* The member's name: folders end in a slash, removals are whiteouts. */
static void
member_name(struct buf *b, const struct entry *e)
{
	const char *slash = memrchr(e->path.data, '/', e->path.len);
	size_t dir = slash == NULL ? 0 : (size_t)(slash - e->path.data) + 1;

	if (e->type != ENTRY_GONE) {
		buf_add(b, e->path.data, e->path.len);
		if (e->type == ENTRY_DIR)
			buf_putc(b, '/');
		return;
	}
	buf_add(b, e->path.data, dir);
	buf_puts(b, ".wh.");
	buf_add(b, e->path.data + dir, e->path.len - dir);
}

static bool
is_ascii(struct slice s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] >= 0x80)
			return false;
	return true;
}

static bool
is_utf8(struct slice s)
{
	return utf8_valid(s.data, s.len) == s.len;
}

/* What libarchive knows of the entry. */
static void
describe(const struct tar *t, struct archive_entry *to, const struct entry *e)
{
	struct buf name CLEANUP_BUF = {0}, link CLEANUP_BUF = {0};
	bool symlink = e->type == ENTRY_SYMLINK;

	member_name(&name, e);
	t->api.set_pathname(to, buf_str(&name));
	t->api.set_filetype(to, symlink                ? AE_IFLNK
				: e->type == ENTRY_DIR ? AE_IFDIR
						       : AE_IFREG);
	t->api.set_perm(to, symlink ? 0777 : e->mode);
	t->api.set_size(to, tar_content(e));
	t->api.set_mtime(
	    to, e->mtime / CLOCK_SECOND, (long)(e->mtime % CLOCK_SECOND));
	buf_add(&link, e->link.data, e->link.len);
	if (symlink)
		t->api.set_symlink(to, buf_str(&link));
	else if (e->type == ENTRY_HARDLINK)
		t->api.set_hardlink(to, buf_str(&link));
}

struct collected {
	struct buf *text;
	bool full;
};

static la_ssize_t
collect(struct archive *a, void *arg, const void *data, size_t n)
{
	struct collected *to = arg;

	(void)a;
	if (to->full)
		return -1;
	buf_add(to->text, data, n);
	return (la_ssize_t)n;
}

/*
 * An archive of its own for each header (1.5 us): the next header, or the
 * end, would first fill up this member's contents with zeros.  They fail here
 * at the first: an archive that is abandoned otherwise leaks.
 */
static int
write_header(const struct tar *t, struct buf *b, struct archive_entry *n,
    bool binary, struct err *e)
{
	const struct api *api = &t->api;
	struct archive *a = api->write_new();
	struct collected to = {b, false};
	int r;

	if (a == NULL)
		return err_set(e, EX_UNAVAILABLE, 0, "libarchive fails");
	r = api->write_set_format_pax(a);
	if (r == ARCHIVE_OK && binary)
		r = api->write_set_format_option(
		    a, "pax", "hdrcharset", "BINARY");
	if (r == ARCHIVE_OK)
		r = api->write_set_bytes_per_block(a, 0);
	if (r == ARCHIVE_OK)
		r = api->write_open(a, &to, NULL, collect, NULL);
	if (r == ARCHIVE_OK)
		r = api->write_header(a, n);
	if (r != ARCHIVE_OK)
		err_set(e, EX_UNAVAILABLE, 0, "libarchive: %.200s",
		    api->error_string(a) == NULL ? "it fails"
						 : api->error_string(a));
	to.full = true;
	(void)api->write_free(a);
	return r == ARCHIVE_OK ? 0 : -1;
}

/*
 * libarchive takes names to be in the thread's character set.  They are
 * converted for the records of a header, which are UTF-8: in the C locale
 * nothing but ASCII would be.
 */
static int
enter_utf8(struct tar *t, locale_t *old, struct err *e)
{
	if (t->utf8 == (locale_t)0)
		t->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (t->utf8 == (locale_t)0)
		return err_set(e, EX_UNAVAILABLE, errno,
		    "the locale C.UTF-8 cannot be used");
	*old = uselocale(t->utf8);
	return 0;
}

int
tar_header(struct tar *t, struct buf *b, const struct entry *n, struct err *e)
{
	bool binary = !is_utf8(n->path) || !is_utf8(n->link);
	bool wide = !is_ascii(n->path) || !is_ascii(n->link);
	struct archive_entry *to;
	size_t start = b->len;
	locale_t old = (locale_t)0; /* which changes none */
	int r;

	if (t->library == NULL && load(t, e) < 0)
		return -1;
	if (wide && enter_utf8(t, &old, e) < 0)
		return -1;
	to = t->api.entry_new();
	if (to == NULL)
		r = err_set(e, EX_UNAVAILABLE, 0, "libarchive fails");
	else {
		describe(t, to, n);
		r = write_header(t, b, to, binary, e);
		t->api.entry_free(to);
	}
	(void)uselocale(old);
	if (r < 0)
		buf_cut(b, start);
	return r;
}

int64_t
tar_content(const struct entry *e)
{
	return e->type == ENTRY_FILE ? e->size : 0;
}

size_t
tar_padding(int64_t size)
{
	return (TAR_BLOCK - (size_t)(size % (int64_t)TAR_BLOCK)) % TAR_BLOCK;
}

int64_t
tar_size(const char block[TAR_BLOCK])
{
	int64_t n = 0;
	size_t i;

	for (i = 0; i < SIZE_DIGITS; i++) {
		if (block[SIZE + i] < '0' || block[SIZE + i] > '7')
			return -1;
		n = n << 3 | (block[SIZE + i] - '0');
	}
	return n;
}
