#include "model/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

int
lines_open(const char *path, struct lines *out, struct err *e)
{
	int fd CLEANUP_FD = -1;
	struct stat st;

	if (file_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0, &fd, e) < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(
		    e, EX_NOINPUT, 0, "'%s' is not a regular file", path);
	memset(out, 0, sizeof(*out));
	out->fd = fd;
	fd = -1;
	out->name = mem_strdup(path);
	return 0;
}

void
lines_close(struct lines *l)
{
	fd_cleanup(&l->fd);
	free(l->name);
	free(l->items);
	memset(l, 0, sizeof(*l));
	l->fd = -1;
}

void
lines_add(struct lines *l, int64_t at, size_t len, size_t number)
{
	mem_room(&l->items, l->count, &l->cap, sizeof(*l->items));
	l->items[l->count++] = (struct line){at, len, number};
}

/* The line that is being passed over. */
struct passing {
	int64_t start;
	size_t number;
	bool blank;
};

static void
pass(struct lines *l, struct passing *p, int64_t end)
{
	if (!p->blank)
		lines_add(l, p->start, (size_t)(end - p->start), p->number);
	*p = (struct passing){end + 1, p->number + 1, true};
}

int
lines_index(struct lines *l, struct err *e)
{
	struct passing p = {0, 1, true};
	char chunk[65536];
	int64_t at = 0;
	ssize_t n, i;

	for (;;) {
		n = pread(l->fd, chunk, sizeof(chunk), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot read '%s'", l->name);
		if (n == 0)
			break;
		for (i = 0; i < n; i++) {
			if (chunk[i] == '\n')
				pass(l, &p, at + i);
			else if (strchr(" \t\r", chunk[i]) == NULL)
				p.blank = false;
		}
		at += n;
	}
	pass(l, &p, at);
	return 0;
}

int
lines_get(const struct lines *l, size_t n, struct buf *out, struct err *e)
{
	const struct line *line = &l->items[n];
	ssize_t got;
	size_t have = 0;

	if (line->len > LINES_MAX)
		return err_set(e, EX_DATAERR, 0,
		    "line %zu of '%s' is longer than %zu bytes", line->number,
		    l->name, LINES_MAX);
	buf_clear(out);
	buf_reserve(out, line->len);
	while (have < line->len) {
		got = pread(l->fd, out->data + have, line->len - have,
		    line->at + (int64_t)have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, EX_IOERR, got < 0 ? errno : 0,
			    "cannot read line %zu of '%s'", line->number,
			    l->name);
		have += (size_t)got;
	}
	out->len = have;
	out->data[have] = '\0';
	return 0;
}
