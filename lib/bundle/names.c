#include "bundle/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

void
names_free(struct names *l)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		free(l->name[i].link);
	free(l->name);
	buf_free(&l->text);
	*l = (struct names){0};
}

static int
by_bytes(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/* The text, a type and a name with its NUL each, no longer moves: point into
 * it. */
static void
point(struct names *l)
{
	size_t at = 0, i;

	l->name = mem_new(l->count + 1, sizeof(*l->name));
	for (i = 0; i < l->count; i++) {
		l->name[i].type = (unsigned char)l->text.data[at++];
		l->name[i].text = l->text.data + at;
		at += strlen(l->text.data + at) + 1;
	}
	qsort(l->name, l->count, sizeof(*l->name), by_bytes);
}

int
names_read(int dir, struct names *out, struct err *e)
{
	_Alignas(struct dirent64) char block[32768];
	struct names l = {0};
	long n, at;

	while ((n = syscall(SYS_getdents64, dir, block, sizeof(block))) > 0) {
		for (at = 0; at < n;) {
			const struct dirent64 *d =
			    (const struct dirent64 *)(const void *)(block + at);

			at += d->d_reclen;
			if (strcmp(d->d_name, ".") == 0 ||
			    strcmp(d->d_name, "..") == 0)
				continue;
			buf_putc(&l.text, (char)d->d_type);
			buf_add(&l.text, d->d_name, strlen(d->d_name) + 1);
			l.count++;
		}
	}
	if (n < 0) {
		buf_free(&l.text);
		return err_set(e, EX_IOERR, errno, "it cannot be read");
	}
	point(&l);
	*out = l;
	return 0;
}

bool
names_has(const struct names *l, const char *name)
{
	struct name key = {.text = name};

	return bsearch(&key, l->name, l->count, sizeof(key), by_bytes) != NULL;
}

static int64_t
nanoseconds(struct timespec t)
{
	/* What no time stamp of a tar can say. */
	if (t.tv_sec < 0 || t.tv_sec >= INT64_MAX / CLOCK_SECOND - 1)
		return 0;
	return (int64_t)t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

void
names_see(const struct stat *s, struct seen *out)
{
	*out = (struct seen){s->st_dev, s->st_ino, s->st_size,
	    nanoseconds(s->st_mtim), nanoseconds(s->st_ctim), s->st_mode,
	    s->st_nlink > 1 ? 2 : 1};
}

static int
read_link(int dir, struct name *c, struct err *e)
{
	char text[PATH_MAX + 1];
	ssize_t n = readlinkat(dir, c->text, text, sizeof(text));

	if (n < 0 && (errno == ENOENT || errno == EINVAL)) {
		c->gone = true;
		return 0;
	}
	if (n < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot read link '%s'", c->text);
	c->link = mem_dup(text, (size_t)n);
	return 0;
}

int
names_stat(int dir, struct names *l, struct err *e)
{
	struct stat st;
	size_t i;

	for (i = 0; i < l->count; i++) {
		struct name *c = &l->name[i];

		if (c->gone)
			continue;
		if (fstatat(dir, c->text, &st,
			AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0) {
			if (errno != ENOENT)
				return err_set(e, EX_IOERR, errno,
				    "cannot read '%s'", c->text);
			c->gone = true;
			continue;
		}
		names_see(&st, &c->seen);
		if (S_ISLNK(st.st_mode) && read_link(dir, c, e) < 0)
			return -1;
	}
	return 0;
}
