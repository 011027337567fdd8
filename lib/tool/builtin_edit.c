/* write_file and edit_file, as they run inside: what will be is known, and
 * told, before anything changes. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tool/inside.h"
#include "tool/target.h"

#define EDIT_MOST ((size_t)64 << 20)

/* The call's arguments, with the refusal's mark when they are bad. */
static int
arguments(struct slice argument, struct json **out)
{
	struct err e = {0};

	if (json_parse(argument.data, argument.len, out, &e) == 0)
		return 0;
	target_refuse();
	(void)inside_fail("bad arguments: %s", e.msg);
	return -1;
}

static void
print_header(const struct target *t, const struct digest *after)
{
	char hex[DIGEST_HEX + 1];
	struct buf b CLEANUP_BUF = {0};

	buf_putc(&b, t->exists ? 'E' : 'N');
	digest_hex(&t->before, hex);
	buf_puts(&b, hex);
	digest_hex(after, hex);
	buf_puts(&b, hex);
	buf_putc(&b, '\n');
	(void)inside_answer(&b);
}

/* Tell the digests and wait for the go; false: nothing is to be done. */
static bool
announce(const struct target *t, const struct digest *after)
{
	ssize_t n;
	char go;

	print_header(t, after);
	do
		n = read(STDIN_FILENO, &go, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

/* What both tools end with. */
static int
commit(const struct target *t, const char *data, size_t n, const char *done)
{
	struct digest after;
	struct err e = {0};
	struct buf out CLEANUP_BUF = {0};

	digest_of(data, n, &after);
	if (!announce(t, &after))
		return 1;
	(void)umask(022);
	if (target_write(t, data, n, &e) < 0)
		return inside_fail("%s", e.msg);
	buf_printf(&out, "%s", done);
	return inside_answer(&out);
}

int
inside_write_file(struct slice argument)
{
	struct json *args CLEANUP_JSON = NULL;
	struct target t CLEANUP(target_free) = {.fd = -1};
	struct buf done CLEANUP_BUF = {0};
	const char *path, *content;

	if (arguments(argument, &args) < 0)
		return 1;
	path = json_get_string(args, "path");
	content = json_get_string(args, "content");
	if (target_find(&t, path) < 0)
		return 1;
	if (t.exists && digest_of_fd(t.fd, &t.before) < 0) {
		target_refuse();
		return inside_fail_path(path, errno);
	}
	buf_printf(&done, "%s %s, %zu bytes", t.exists ? "replaced" : "wrote",
	    path, strlen(content));
	return commit(&t, content, strlen(content), buf_str(&done));
}

/* How often `old` occurs, counted without overlaps; `*at` is the first. */
static size_t
count_occurrences(const struct buf *text, const char *old, const char **at)
{
	size_t n = strlen(old), count = 0;
	const char *p = buf_str(text), *end = p + text->len;

	while ((p = memmem(p, (size_t)(end - p), old, n)) != NULL) {
		if (count++ == 0)
			*at = p;
		p += n;
	}
	return count;
}

/* The new contents; -1: the reason has been written. */
static int
make_edit(const char *path, const struct buf *text, const char *old,
    const char *new, struct buf *out, struct buf *done)
{
	const char *at = NULL, *start = buf_str(text), *p;
	size_t count = count_occurrences(text, old, &at), line = 1;

	if (count != 1 || strcmp(old, new) == 0)
		target_refuse();
	if (count == 0) {
		inside_fail("old does not occur in %s; read the file and copy "
			    "the text exactly, with its white space",
		    path);
		return -1;
	}
	if (count > 1) {
		inside_fail("old occurs %zu times in %s; include more of the "
			    "lines around it",
		    count, path);
		return -1;
	}
	if (strcmp(old, new) == 0) {
		inside_fail("old and new are the same");
		return -1;
	}
	for (p = start; (p = memchr(p, '\n', (size_t)(at - p))) != NULL; p++)
		line++;
	buf_add(out, start, (size_t)(at - start));
	buf_puts(out, new);
	buf_add(out, at + strlen(old),
	    text->len - (size_t)(at - start) - strlen(old));
	buf_printf(done, "edited %s at line %zu", path, line);
	return 0;
}

int
inside_edit_file(struct slice argument)
{
	struct json *args CLEANUP_JSON = NULL;
	struct target t CLEANUP(target_free) = {.fd = -1};
	struct buf text CLEANUP_BUF = {0}, out CLEANUP_BUF = {0};
	struct buf done CLEANUP_BUF = {0};
	struct err e = {0};
	const char *path;

	if (arguments(argument, &args) < 0)
		return 1;
	path = json_get_string(args, "path");
	if (target_find(&t, path) < 0)
		return 1;
	if (!t.exists) {
		target_refuse();
		return inside_fail_path(path, ENOENT);
	}
	if (file_read_fd(t.fd, path, EDIT_MOST, &text, &e) < 0) {
		target_refuse();
		return inside_fail("%s", e.msg);
	}
	digest_of(buf_str(&text), text.len, &t.before);
	if (make_edit(path, &text, json_get_string(args, "old"),
		json_get_string(args, "new"), &out, &done) < 0)
		return 1;
	return commit(&t, buf_str(&out), out.len, buf_str(&done));
}

int
inside_look(struct slice argument)
{
	struct json *args CLEANUP_JSON = NULL;
	struct target t CLEANUP(target_free) = {.fd = -1};
	const char *path;

	if (arguments(argument, &args) < 0)
		return 1;
	path = json_get_string(args, "path");
	if (target_find(&t, path) < 0)
		return 1;
	if (t.exists && digest_of_fd(t.fd, &t.before) < 0) {
		target_refuse();
		return inside_fail_path(path, errno);
	}
	print_header(&t, &t.before);
	return 0;
}
