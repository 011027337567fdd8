#include "cli/grantchange.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/textdiff.h"
#include "cli/ckptpatch.h"

#define LOOK_MAX ((size_t)1 << 20)

/* The head of a diff.  A path is the model's: a line break in it must not
 * look like one more line. */
static void
put_head(struct buf *out, const char *path, bool exists)
{
	struct slice name = {path, strlen(path)};

	buf_puts(out, "--- ");
	if (exists)
		patch_name(out, "", name);
	else
		buf_puts(out, "/dev/null");
	buf_puts(out, "\n+++ ");
	patch_name(out, "", name);
	buf_putc(out, '\n');
}

/* Each line behind a sign, as in a diff. */
static void
put_lines(struct buf *out, char sign, const char *text, size_t len)
{
	const char *end = text + len, *nl;

	for (; text < end; text = nl + 1) {
		nl = memchr(text, '\n', (size_t)(end - text));
		if (nl == NULL)
			nl = end;
		buf_putc(out, sign);
		buf_add(out, text, (size_t)(nl - text));
		buf_putc(out, '\n');
	}
}

/* What stands there now: false when it is no file that can be shown. */
static bool
look(const char *workspace, const char *path, struct buf *now, bool *exists)
{
	char *full CLEANUP_FREE = path_join(workspace, path);
	int fd CLEANUP_FD = -1;
	struct stat st;
	struct err e;

	*exists = true;
	if (file_open(AT_FDCWD, full, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0,
		&fd, &e) < 0) {
		*exists = e.status != EX_NOINPUT;
		return !*exists;
	}
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       file_read_fd(fd, path, LOOK_MAX, now, &e) == 0;
}

static void
put_write(const struct json *args, const char *workspace, struct buf *out)
{
	const char *path = json_get_string(args, "path");
	const char *content = json_get_string(args, "content");
	struct textdiff_counts counts;
	struct buf now CLEANUP_BUF = {0};
	bool exists;

	if (path == NULL || content == NULL)
		return;
	if (!look(workspace, path, &now, &exists)) {
		buf_puts(out, "replaces what cannot be shown, in ");
		patch_name(out, "", (struct slice){path, strlen(path)});
		buf_puts(out, ", by:\n");
		put_lines(out, '+', content, strlen(content));
		return;
	}
	put_head(out, path, exists);
	textdiff((struct slice){buf_str(&now), now.len},
	    (struct slice){content, strlen(content)}, TEXTDIFF_CONTEXT, out,
	    &counts);
	if (counts.added + counts.removed == 0)
		buf_puts(out, "(nothing changes)\n");
}

static void
put_edit(const struct json *args, struct buf *out)
{
	const char *path = json_get_string(args, "path");
	const char *old = json_get_string(args, "old");
	const char *new = json_get_string(args, "new");

	if (path == NULL || old == NULL || new == NULL)
		return;
	put_head(out, path, true);
	put_lines(out, '-', old, strlen(old));
	put_lines(out, '+', new, strlen(new));
}

static void
put_command(const struct json *args, const char *workspace, struct buf *out)
{
	const char *command = json_get_string(args, "command");

	if (command == NULL)
		return;
	buf_printf(out, "runs in %s:\n", workspace);
	put_lines(out, ' ', command, strlen(command));
}

void
grantchange(const struct request *r, const char *workspace, struct buf *out)
{
	struct json *args CLEANUP_JSON = NULL;
	struct err e;

	if (r->kind == REQUEST_GRANT)
		buf_printf(out, "gives: %s\n", r->grant);
	if (r->kind != REQUEST_CALL || r->tool == NULL ||
	    r->arguments == NULL ||
	    json_parse(r->arguments, strlen(r->arguments), &args, &e) < 0)
		return;
	if (strcmp(r->tool, "write_file") == 0)
		put_write(args, workspace, out);
	else if (strcmp(r->tool, "edit_file") == 0)
		put_edit(args, out);
	else if (strcmp(r->tool, "run_command") == 0)
		put_command(args, workspace, out);
}
