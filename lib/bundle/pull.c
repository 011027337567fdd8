#include "bundle/pull.h"

static int
finish(const struct pull *p, struct err *e)
{
	struct digest d;

	sha256_get(&p->sum, &d);
	if (!digest_equal(&d, &p->want))
		return err_set(e, EX_DATAERR, 0,
		    "a file of '%s' is damaged: its contents have another "
		    "digest",
		    p->view->frames->name);
	return 0;
}

struct filling {
	char *at;
};

static int
copy(void *arg, const void *data, size_t n, struct err *e)
{
	struct filling *f = arg;

	(void)e;
	memcpy(f->at, data, n);
	f->at += n;
	return 0;
}

/* Where a run of bytes ends that starts at `offset` of `frame`. */
static void
step(struct pull *p, size_t n)
{
	const struct seek_table *t = &p->view->frames->table;

	p->offset += (int64_t)n;
	while ((uint64_t)p->frame < t->count &&
	       p->offset >= t->frame[p->frame].size)
		p->offset -= t->frame[p->frame++].size;
}

int
pull_read(struct pull *p, void *buf, size_t n, struct err *e)
{
	struct filling f = {buf};
	const struct sink s = {copy, &f};

	if (frame_read(p->view, p->frame, p->offset, (int64_t)n, &s, e) < 0)
		return -1;
	sha256_add(&p->sum, buf, n);
	step(p, n);
	p->left -= (int64_t)n;
	return p->left > 0 ? 0 : finish(p, e);
}

static int
read_some(void *arg, void *buf, size_t n, struct err *e)
{
	return pull_read(arg, buf, n, e);
}

struct content
pull_content(struct pull *p, struct frame_view *v, const struct entry *n)
{
	*p = (struct pull){.view = v,
	    .frame = n->frame,
	    .offset = n->offset,
	    .left = n->size,
	    .want = n->sha256};
	sha256_init(&p->sum);
	return (struct content){n->size, read_some, p};
}
