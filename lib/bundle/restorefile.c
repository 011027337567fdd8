#include "bundle/restorefile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"

/* Fewer entries than MANY are not worth a thread. */
enum { MANY = 32, BATCH = 512 };

/* From this size on runs of zeros become holes. */
#define SPARSE ((int64_t)64 << 10)
#define HOLE   ((size_t)4096)

/* Work shared by the threads: files are taken in order, in batches that end
 * with a frame, so that hardly a frame is unpacked twice. */
struct pool {
	struct restoring *r;
	pthread_mutex_t lock; /* guards the rest */
	size_t next;
	bool failed;
	struct err err;
};

/* One thread: a view of each layer that it came across. */
struct hand {
	struct pool *pool;
	struct frame_view *view;
};

/* A file being written. */
struct target {
	int fd;
	const char *name;
	bool sparse;
};

static const char *
shown(const struct entry *n)
{
	return n->path.data + sizeof(ENTRY_WORK);
}

static bool
is_zero(const char *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

static int
put(void *arg, const void *data, size_t n, struct err *e)
{
	struct target *t = arg;
	const char *p = data;
	size_t run;
	bool zero;

	while (t->sparse && n >= HOLE) {
		zero = is_zero(p, HOLE);
		for (run = HOLE;
		     run + HOLE <= n && is_zero(p + run, HOLE) == zero;)
			run += HOLE;
		if (zero && lseek(t->fd, (off_t)run, SEEK_CUR) < 0)
			return err_set(
			    e, EX_IOERR, errno, "cannot write '%s'", t->name);
		if (!zero && file_write_all(t->fd, p, run, t->name, e) < 0)
			return -1;
		p += run;
		n -= run;
	}
	return file_write_all(t->fd, p, n, t->name, e);
}

static int
create(int dir, const char *name)
{
	struct open_how how = {
	    .flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    .mode = 0600,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	long fd;

	do
		fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	return (int)fd;
}

static int
write_file(struct hand *h, const struct entry *n, size_t layer, struct err *e)
{
	struct restoring *r = h->pool->r;
	struct timespec t[2] = {
	    {n->mtime / CLOCK_SECOND, n->mtime % CLOCK_SECOND}};
	int fd CLEANUP_FD = create(r->to, shown(n));
	struct target to = {fd, shown(n), n->size >= SPARSE};
	const struct sink sink = {put, &to};
	struct frame_view *v = &h->view[layer];

	t[1] = t[0];
	if (fd < 0)
		return err_set(
		    e, EX_CANTCREAT, errno, "cannot make '%s'", shown(n));
	if (v->frames == NULL)
		frame_view_init(v, &r->chain->layer[layer]->frames);
	if (bundle_stream(v, n, &sink, e) < 0)
		return -1;
	if ((to.sparse && ftruncate(fd, n->size) < 0) ||
	    fchmod(fd, n->mode) < 0 || futimens(fd, t) < 0)
		return err_set(
		    e, EX_IOERR, errno, "cannot write '%s'", shown(n));
	return fd_close(&fd, shown(n), e);
}

/* The next files to write: those of one frame, more or less. */
static bool
take(struct pool *p, size_t *from, size_t *to)
{
	const struct snapshot *s = &p->r->tree;
	const struct entry *last = NULL, *n;
	size_t i, files = 0, layer = 0;

	(void)pthread_mutex_lock(&p->lock);
	*from = i = p->failed ? s->count : p->next;
	for (; i < s->count && files < BATCH; i++) {
		n = &s->entry[i];
		if (n->type != ENTRY_FILE)
			continue;
		if (last != NULL &&
		    (n->frame != last->frame || s->stamp[i].leader != layer))
			break;
		files++;
		last = n;
		layer = s->stamp[i].leader;
	}
	if (!p->failed)
		p->next = i;
	(void)pthread_mutex_unlock(&p->lock);
	*to = i;
	return files > 0;
}

static void
report(struct pool *p, int64_t bytes, const struct err *why)
{
	const struct restore_options *o = p->r->opt;

	(void)pthread_mutex_lock(&p->lock);
	if (why != NULL && !p->failed) {
		p->failed = true;
		p->err = *why;
	}
	if (why == NULL && o->progress != NULL)
		o->progress(o->arg, bytes);
	(void)pthread_mutex_unlock(&p->lock);
}

static void *
work(void *arg)
{
	struct pool *p = arg;
	const struct snapshot *s = &p->r->tree;
	struct hand h = {
	    p, mem_new(p->r->chain->count, sizeof(struct frame_view))};
	size_t from, to, i;
	struct err e;

	while (take(p, &from, &to)) {
		int64_t bytes = 0;

		for (i = from; i < to; i++) {
			if (s->entry[i].type != ENTRY_FILE)
				continue;
			if (write_file(
				&h, &s->entry[i], s->stamp[i].leader, &e) < 0) {
				report(p, 0, &e);
				break;
			}
			bytes += s->entry[i].size;
		}
		report(p, bytes, NULL);
	}
	for (i = 0; i < p->r->chain->count; i++)
		frame_view_free(&h.view[i]);
	free(h.view);
	return NULL;
}

int
restorefile_all(struct restoring *r, struct err *e)
{
	struct pool p = {.r = r};
	long want = r->opt->threads > 0 ? r->opt->threads
					: sysconf(_SC_NPROCESSORS_ONLN);

	(void)pthread_mutex_init(&p.lock, NULL);
	pool_run(r->tree.count > MANY ? want - 1 : 0, work, &p);
	(void)pthread_mutex_destroy(&p.lock);
	if (p.failed)
		*e = p.err;
	return p.failed ? -1 : 0;
}
