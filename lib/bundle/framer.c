#include "bundle/framer.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "bundle/codec.h"

enum { THREADS_MAX = 8 };

enum job_state { JOB_IDLE, JOB_READY, JOB_TAKEN, JOB_DONE };

/* A frame on its way: filled by the caller, packed by any thread. */
struct job {
	enum job_state state; /* under the lock */
	bool filling;         /* the caller's only */
	char *in, *out;       /* FRAMER_FULL and its bound; owned */
	size_t in_len, out_len;
	struct digest sum; /* of `out` */
};

struct framer {
	int fd;
	const char *name;
	int level, threads;
	struct seek_table table;  /* of the frames written */
	struct digest *sum;       /* of each of these */
	size_t sums;              /* room in it */
	struct job *job;          /* a ring, in the order of the stream */
	size_t jobs, first, last; /* oldest unwritten; being filled */
	struct codec *codec;      /* for the caller's own thread */
	int64_t queued;           /* bytes in frames not yet written */
	size_t waiting;           /* frames not yet written */
	pthread_t worker[THREADS_MAX];
	int workers;
	pthread_mutex_t lock; /* guards the jobs' states and `quit` */
	pthread_cond_t ready, done;
	bool quit;
};

void
framer_new(
    int fd, const char *name, int level, int threads, struct framer **out)
{
	struct framer *f = mem_new(1, sizeof(*f));
	long n = threads > 0 ? threads : sysconf(_SC_NPROCESSORS_ONLN);

	f->fd = fd;
	f->name = name;
	f->level = level;
	f->threads = n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (int)n;
	f->jobs = (size_t)f->threads * 2 + 1;
	f->job = mem_new(f->jobs, sizeof(*f->job));
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_cond_init(&f->ready, NULL);
	(void)pthread_cond_init(&f->done, NULL);
	codec_new(level, &f->codec);
	*out = f;
}

void
framer_free(struct framer *f)
{
	size_t i;
	int w;

	if (f == NULL)
		return;
	(void)pthread_mutex_lock(&f->lock);
	f->quit = true;
	(void)pthread_cond_broadcast(&f->ready);
	(void)pthread_mutex_unlock(&f->lock);
	for (w = 0; w < f->workers; w++)
		(void)pthread_join(f->worker[w], NULL);
	for (i = 0; i < f->jobs; i++) {
		free(f->job[i].in);
		free(f->job[i].out);
	}
	(void)pthread_mutex_destroy(&f->lock);
	(void)pthread_cond_destroy(&f->ready);
	(void)pthread_cond_destroy(&f->done);
	codec_free(f->codec);
	seek_free(&f->table);
	free(f->sum);
	free(f->job);
	free(f);
}

static void
pack(struct codec *c, struct job *j)
{
	j->out_len =
	    codec_pack(c, j->in, j->in_len, j->out, codec_bound(FRAMER_FULL));
	digest_of(j->out, j->out_len, &j->sum);
}

/* The oldest frame that nobody has taken, or NULL. */
static struct job *
next_ready(struct framer *f)
{
	size_t i, at = f->first;

	for (i = 0; i < f->jobs; i++, at = (at + 1) % f->jobs)
		if (f->job[at].state == JOB_READY)
			return &f->job[at];
	return NULL;
}

static void *
work(void *arg)
{
	struct framer *f = arg;
	struct codec *c;
	struct job *j;

	codec_new(f->level, &c);
	(void)pthread_mutex_lock(&f->lock);
	while (!f->quit) {
		j = next_ready(f);
		if (j == NULL) {
			(void)pthread_cond_wait(&f->ready, &f->lock);
			continue;
		}
		j->state = JOB_TAKEN;
		(void)pthread_mutex_unlock(&f->lock);
		pack(c, j);
		(void)pthread_mutex_lock(&f->lock);
		j->state = JOB_DONE;
		(void)pthread_cond_signal(&f->done);
	}
	(void)pthread_mutex_unlock(&f->lock);
	codec_free(c);
	return NULL;
}

static void
start_workers(struct framer *f)
{
	sigset_t all, old;

	/* Signals are for the caller's thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	while (f->workers < f->threads &&
	       pthread_create(&f->worker[f->workers], NULL, work, f) == 0)
		f->workers++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Write the oldest frame, once somebody has packed it. */
static int
write_first(struct framer *f, struct err *e)
{
	struct job *j = &f->job[f->first];

	(void)pthread_mutex_lock(&f->lock);
	if (f->workers == 0)
		pack(f->codec, j);
	else
		while (j->state != JOB_DONE)
			(void)pthread_cond_wait(&f->done, &f->lock);
	j->state = JOB_IDLE;
	f->first = (f->first + 1) % f->jobs;
	(void)pthread_mutex_unlock(&f->lock);
	f->waiting--;
	f->queued -= (int64_t)j->in_len;
	if (file_write_all(f->fd, j->out, j->out_len, f->name, e) < 0)
		return -1;
	mem_room(&f->sum, f->table.count, &f->sums, sizeof(*f->sum));
	f->sum[f->table.count] = j->sum;
	seek_add(&f->table, j->out_len, j->in_len);
	return 0;
}

static int
drain(struct framer *f, struct err *e)
{
	while (f->waiting > 0)
		if (write_first(f, e) < 0)
			return -1;
	return 0;
}

int
framer_cut(struct framer *f, struct err *e)
{
	struct job *j = &f->job[f->last];
	bool full = j->in_len == FRAMER_FULL;

	if (!j->filling || j->in_len == 0)
		return 0;
	j->filling = false;
	(void)pthread_mutex_lock(&f->lock);
	j->state = JOB_READY;
	(void)pthread_cond_signal(&f->ready);
	(void)pthread_mutex_unlock(&f->lock);
	f->queued += (int64_t)j->in_len;
	f->waiting++;
	f->last = (f->last + 1) % f->jobs;
	if (f->workers == 0 && full && f->threads > 1 && f->table.count > 1)
		start_workers(f);
	if (f->workers == 0)
		return drain(f, e);
	while (f->waiting == f->jobs)
		if (write_first(f, e) < 0)
			return -1;
	return 0;
}

int
framer_space(struct framer *f, char **at, size_t *room, struct err *e)
{
	struct job *j = &f->job[f->last];

	if (j->filling && j->in_len == FRAMER_FULL) {
		if (framer_cut(f, e) < 0)
			return -1;
		j = &f->job[f->last];
	}
	if (!j->filling) {
		if (j->in == NULL) {
			j->in = mem_grow(NULL, FRAMER_FULL, 1);
			j->out = mem_grow(NULL, codec_bound(FRAMER_FULL), 1);
		}
		j->in_len = 0;
		j->filling = true;
	}
	*at = j->in + j->in_len;
	*room = FRAMER_FULL - j->in_len;
	return 0;
}

void
framer_filled(struct framer *f, size_t n)
{
	f->job[f->last].in_len += n;
}

int
framer_add(struct framer *f, const void *data, size_t n, struct err *e)
{
	const char *p = data;
	size_t room;
	char *at;

	while (n > 0) {
		if (framer_space(f, &at, &room, e) < 0)
			return -1;
		room = room < n ? room : n;
		memcpy(at, p, room);
		framer_filled(f, room);
		p += room;
		n -= room;
	}
	return 0;
}

int
framer_zeros(struct framer *f, size_t n, struct err *e)
{
	static const char zeros[1024];

	return framer_add(f, zeros, n, e);
}

void
framer_where(const struct framer *f, int64_t *frame, int64_t *offset)
{
	const struct job *j = &f->job[f->last];
	size_t len = j->filling ? j->in_len : 0;

	*frame = (int64_t)(f->table.count + f->waiting);
	*offset = (int64_t)len;
	if (len == FRAMER_FULL) {
		++*frame;
		*offset = 0;
	}
}

int64_t
framer_total(const struct framer *f)
{
	const struct job *j = &f->job[f->last];

	return f->table.size + f->queued +
	       (j->filling ? (int64_t)j->in_len : 0);
}

int
framer_mark(struct framer *f, struct framer_mark *out, struct err *e)
{
	if (framer_cut(f, e) < 0)
		return -1;
	out->frames = f->table.count + f->waiting;
	return 0;
}

int
framer_back(struct framer *f, struct framer_mark mark, struct err *e)
{
	int64_t over = 0;

	f->job[f->last].in_len = 0;
	if (drain(f, e) < 0)
		return -1;
	while (f->table.count > mark.frames) {
		struct seek_frame *last = &f->table.frame[--f->table.count];

		over += last->packed;
		f->table.packed -= last->packed;
		f->table.size -= last->size;
	}
	if (over == 0)
		return 0;
	over = lseek(f->fd, -over, SEEK_CUR);
	if (over < 0 || ftruncate(f->fd, over) < 0)
		return err_set(e, errno == ESPIPE ? EX_TEMPFAIL : EX_IOERR,
		    errno, "cannot go back in '%s'", f->name);
	return 0;
}

int
framer_finish(struct framer *f, int64_t *packed, struct err *e)
{
	struct buf table CLEANUP_BUF = {0};
	struct digest sum;

	if (framer_cut(f, e) < 0 || drain(f, e) < 0)
		return -1;
	digest_of(f->sum, f->table.count * sizeof(*f->sum), &sum);
	memcpy(f->table.sum, &sum, SEEK_SUM);
	seek_write(&f->table, &table);
	if (file_write_all(f->fd, table.data, table.len, f->name, e) < 0)
		return -1;
	*packed = f->table.packed + (int64_t)table.len;
	return 0;
}
