/* read_file and list_files, as they run inside. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tool/inside.h"

#define READ_LINES 2000   /* lines, unless asked otherwise */
#define READ_BYTES 56000  /* bytes: below what the parent keeps */
#define PEEK_BYTES 8192   /* looked at to tell text from other things */
#define LIST_NAMES 2000   /* shown of a folder */
#define LIST_MOST  200000 /* read of it, so that they can be sorted */

/* Which lines are wanted, and what came of them. */
struct excerpt {
	int64_t first, last; /* 1-based; `last` inclusive */
	int64_t line;        /* the one that the next byte is in */
	struct buf text;
	bool more; /* something after the excerpt is left out */
	bool cut;  /* in the middle of a line */
};

/* Take what is wanted of one piece of the file; false once that is all. */
static bool
take_lines(struct excerpt *x, const char *p, size_t len)
{
	const char *nl;
	size_t n;

	while (len > 0) {
		if (x->line > x->last || x->text.len >= READ_BYTES) {
			x->more = true;
			return false;
		}
		nl = memchr(p, '\n', len);
		n = nl == NULL ? len : (size_t)(nl - p) + 1;
		if (x->line >= x->first) {
			buf_add(&x->text, p, n);
			x->cut = x->text.full;
			if (x->cut) {
				x->more = true;
				return false;
			}
		}
		if (nl != NULL)
			x->line++;
		p += n;
		len -= n;
	}
	return true;
}

/* End the excerpt between lines where that leaves anything. */
static void
cut_excerpt(struct excerpt *x, const char *path)
{
	char *nl;

	if (x->cut) {
		nl = memrchr(x->text.data, '\n', x->text.len);
		if (nl != NULL) {
			buf_cut(&x->text, (size_t)(nl - x->text.data) + 1);
			x->cut = false;
		} else {
			buf_cut(&x->text, utf8_cut(x->text.data, x->text.len,
					      x->text.len - 1));
			x->line++;
		}
	}
	x->text.max = 0;
	if (x->cut)
		buf_puts(&x->text, "\n[the line is longer; the rest of it is "
				   "left out]");
	else if (x->text.data[x->text.len - 1] != '\n')
		buf_putc(&x->text, '\n');
	buf_printf(&x->text, "\n[%s has more: go on with offset %" PRId64 "]",
	    path, x->line);
}

static int
finish_excerpt(struct excerpt *x, const char *path, uint64_t size)
{
	if (size == 0) {
		buf_puts(&x->text, "[the file is empty]");
	} else if (x->text.len == 0 && !x->more) {
		return inside_fail("offset %" PRId64
				   " is past the end of %s, which has %" PRId64
				   " lines",
		    x->first, path, x->line - 1);
	} else if (x->more) {
		cut_excerpt(x, path);
	}
	return inside_answer(&x->text);
}

static int
read_lines(struct excerpt *x, const char *path, int fd)
{
	char *piece CLEANUP_FREE = mem_new(65536, 1);
	uint64_t size = 0;
	bool ended = true;
	ssize_t n;

	for (;;) {
		n = read(fd, piece, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return inside_fail_path(path, errno);
		if (n == 0)
			break;
		if (size == 0 &&
		    inside_is_binary(
			piece, (size_t)(n < PEEK_BYTES ? n : PEEK_BYTES))) {
			struct stat st = {0};

			(void)fstat(fd, &st);
			return inside_fail("%s is a binary file of %jd bytes, "
					   "not text",
			    path, (intmax_t)st.st_size);
		}
		size += (uint64_t)n;
		if (!take_lines(x, piece, (size_t)n))
			break;
		ended = piece[n - 1] == '\n';
	}
	if (!ended && !x->more)
		x->line++; /* the last line had no newline but is one */
	return finish_excerpt(x, path, size);
}

int
inside_read_file(struct slice argument)
{
	struct json *args CLEANUP_JSON = NULL;
	struct excerpt x = {.line = 1};
	const char *path;
	int fd CLEANUP_FD = -1;
	struct stat st;
	int64_t limit;
	int r;

	if (inside_arguments(argument, &args) < 0)
		return 1;
	path = json_get_string(args, "path");
	if (inside_open(path, false, &st, &fd) < 0)
		return 1;
	x.first = json_get_integer(args, "offset", 1);
	limit = json_get_integer(args, "limit", READ_LINES);
	if (x.first < 1)
		x.first = 1;
	if (limit < 1)
		limit = READ_LINES;
	x.last = limit > INT64_MAX - x.first ? INT64_MAX : x.first + limit - 1;
	buf_init(&x.text, READ_BYTES);
	r = read_lines(&x, path, fd);
	buf_free(&x.text);
	return r;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The entry as a line shows it: "name", "folder/", "link -> target". */
static char *
entry_text(int dir, const char *name)
{
	struct buf b = {0};
	char target[1024];
	struct stat st;
	ssize_t n;

	utf8_safe(&b, name, strlen(name), false);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return buf_steal(&b);
	if (S_ISDIR(st.st_mode))
		buf_putc(&b, '/');
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(dir, name, target, sizeof(target));
		if (n > 0) {
			buf_puts(&b, " -> ");
			utf8_safe(&b, target, (size_t)n, false);
		}
	}
	return buf_steal(&b);
}

/* All names, sorted, freed by the caller. */
static size_t
read_names(DIR *stream, char ***out)
{
	char **names = NULL;
	size_t n = 0, cap = 0;
	struct dirent *d;

	while (n < LIST_MOST && (d = readdir(stream)) != NULL) {
		if (!file_is_name(d->d_name))
			continue;
		mem_room(&names, n, &cap, sizeof(*names));
		names[n++] = mem_strdup(d->d_name);
	}
	if (n > 0)
		qsort(names, n, sizeof(*names), compare_names);
	*out = names;
	return n;
}

static void
print_names(int dir, char **names, size_t n, struct buf *out)
{
	char *line;
	size_t i;

	for (i = 0; i < n && i < LIST_NAMES && out->len < READ_BYTES; i++) {
		line = entry_text(dir, names[i]);
		buf_printf(out, "%s\n", line);
		free(line);
	}
	if (i < n)
		buf_printf(out, "[%zu more]\n", n - i);
	if (n == 0)
		buf_puts(out, "[the folder is empty]\n");
}

int
inside_list_files(struct slice argument)
{
	struct json *args CLEANUP_JSON = NULL;
	struct buf out CLEANUP_BUF = {0};
	const char *path;
	char **names;
	struct stat st;
	DIR *stream;
	size_t n, i;
	int fd;

	if (inside_arguments(argument, &args) < 0)
		return 1;
	path = json_get_string(args, "path");
	if (path == NULL)
		path = ".";
	if (inside_open(path, true, &st, &fd) < 0)
		return 1;
	if (!S_ISDIR(st.st_mode)) {
		(void)close(fd);
		return inside_fail("%s is a file of %jd bytes, not a folder",
		    path, (intmax_t)st.st_size);
	}
	stream = fdopendir(fd);
	if (stream == NULL) {
		(void)close(fd);
		return inside_fail_path(path, errno);
	}
	n = read_names(stream, &names);
	print_names(dirfd(stream), names, n, &out);
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	(void)closedir(stream);
	return inside_answer(&out);
}
