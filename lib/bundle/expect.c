#include "bundle/expect.h"

#include <string.h>

void
expect_init(struct expect *x, struct frames *frames)
{
	*x = (struct expect){.frames = frames};
	frame_view_init(&x->view, frames);
	tar_new(&x->tar);
}

void
expect_free(struct expect *x)
{
	frame_view_free(&x->view);
	tar_free(x->tar);
	buf_free(&x->want);
}

int
expect_wrong(
    const struct expect *x, struct slice path, const char *what, struct err *e)
{
	return err_set(e, EX_DATAERR, 0, "'%s': '%.*s' %s", x->frames->name,
	    (int)path.len, path.data, what);
}

void
expect_moved(struct expect *x, int64_t n)
{
	const struct seek_table *t = &x->frames->table;

	x->offset += n;
	while ((uint64_t)x->frame < t->count &&
	       x->offset >= t->frame[x->frame].size)
		x->offset -= t->frame[x->frame++].size;
}

struct comparing {
	const char *at;
	bool differs;
};

static int
compare(void *arg, const void *data, size_t n, struct err *e)
{
	struct comparing *p = arg;

	(void)e;
	p->differs = p->differs || memcmp(p->at, data, n) != 0;
	p->at += n;
	return 0;
}

int
expect_bytes(
    struct expect *x, const struct buf *want, struct slice path, struct err *e)
{
	struct comparing p = {buf_str(want), false};
	const struct sink s = {compare, &p};

	if (frame_read(
		&x->view, x->frame, x->offset, (int64_t)want->len, &s, e) < 0)
		return -1;
	expect_moved(x, (int64_t)want->len);
	return p.differs ? expect_wrong(x, path,
			       "is not the member that the index says", e)
			 : 0;
}

int
expect_zeros(struct expect *x, size_t n, struct slice path, struct err *e)
{
	static const char zeros[TAR_END];

	buf_clear(&x->want);
	buf_add(&x->want, zeros, n);
	return expect_bytes(x, &x->want, path, e);
}

int
expect_header(struct expect *x, const struct entry *n, struct err *e)
{
	buf_clear(&x->want);
	return tar_header(x->tar, &x->want, n, e) < 0
		   ? -1
		   : expect_bytes(x, &x->want, n->path, e);
}
