#include "bundle/content.h"

#include <errno.h>
#include <unistd.h>

static int
read_bytes(void *arg, void *buf, size_t n, struct err *e)
{
	struct slice *s = arg;

	if (n > s->len)
		return err_set(e, EX_SOFTWARE, 0, "fewer bytes than promised");
	memcpy(buf, s->data, n);
	s->data += n;
	s->len -= n;
	return 0;
}

struct content
content_bytes(struct slice *at)
{
	return (struct content){(int64_t)at->len, read_bytes, at};
}

static int
read_range(void *arg, void *buf, size_t n, struct err *e)
{
	struct content_range *r = arg;
	char *p = buf;
	ssize_t got;

	while (n > 0) {
		got = pread(r->fd, p, n, r->offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(e, EX_IOERR, got < 0 ? errno : 0,
			    got < 0 ? "cannot read '%s'" : "'%s' is too short",
			    r->name);
		p += got;
		n -= (size_t)got;
		r->offset += got;
	}
	return 0;
}

struct content
content_file(struct content_range *at, int64_t size)
{
	return (struct content){size, read_range, at};
}
