#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* More do not make what waits for the disk faster. */
#define EACH_HELPERS 4

void
pool_run(long helpers, void *(*work)(void *arg), void *arg)
{
	pthread_t helper[POOL_HELPERS];
	sigset_t all, old;
	int n = 0;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	while (n < helpers && n < POOL_HELPERS &&
	       pthread_create(&helper[n], NULL, work, arg) == 0)
		n++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)work(arg);
	while (n > 0)
		(void)pthread_join(helper[--n], NULL);
}

struct pool {
	int (*one)(void *arg, size_t i, struct err *);
	void *arg;
	size_t count;
	pthread_mutex_t lock; /* guards the rest */
	size_t next;
	bool failed;
	struct err err;
};

static void *
work(void *arg)
{
	struct pool *p = arg;
	struct err e;
	size_t i;
	int r;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->failed && p->next < p->count) {
		i = p->next++;
		(void)pthread_mutex_unlock(&p->lock);
		r = p->one(p->arg, i, &e);
		(void)pthread_mutex_lock(&p->lock);
		if (r < 0 && !p->failed) {
			p->err = e;
			p->failed = true;
		}
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

int
pool_each(size_t count, bool many,
    int (*one)(void *arg, size_t i, struct err *), void *arg, struct err *e)
{
	struct pool p = {.one = one, .arg = arg, .count = count};
	long spare = many ? sysconf(_SC_NPROCESSORS_ONLN) - 1 : 0;

	(void)pthread_mutex_init(&p.lock, NULL);
	pool_run(spare < EACH_HELPERS ? spare : EACH_HELPERS, work, &p);
	(void)pthread_mutex_destroy(&p.lock);
	if (p.failed)
		*e = p.err;
	return p.failed ? -1 : 0;
}
