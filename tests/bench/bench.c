#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

void
samples_init(struct samples *s, size_t cap)
{
	*s = (struct samples){.v = mem_new(cap, sizeof(*s->v)), .cap = cap};
}

void
samples_free(struct samples *s)
{
	free(s->v);
}

void
samples_add(struct samples *s, double v)
{
	if (s->count < s->cap)
		s->v[s->count++] = v;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
samples_median(struct samples *s)
{
	size_t half = s->count / 2;

	if (s->count == 0)
		return 0;
	qsort(s->v, s->count, sizeof(*s->v), compare);
	return s->count % 2 == 1 ? s->v[half]
				 : (s->v[half - 1] + s->v[half]) / 2;
}

static double
micro(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static pid_t
spawn(const char *const argv[], const char *in)
{
	char *const *args = (char *const *)(uintptr_t)argv;
	posix_spawn_file_actions_t acts;
	pid_t pid;
	int r;

	(void)posix_spawn_file_actions_init(&acts);
	(void)posix_spawn_file_actions_addopen(
	    &acts, 0, in == NULL ? "/dev/null" : in, O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(
	    &acts, 1, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(&pid, argv[0], &acts, NULL, args, environ);
	(void)posix_spawn_file_actions_destroy(&acts);
	if (r != 0) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(r));
		exit(EX_NOINPUT);
	}
	return pid;
}

void
bench_run(const char *const argv[], const char *in, struct cost *out)
{
	int64_t start = clock_mono();
	pid_t pid = spawn(argv, in);
	struct rusage used;
	int status;

	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR)
			exit(EX_OSERR);
	out->wall_us = (double)(clock_mono() - start) / 1e3;
	out->cpu_us = micro(used.ru_utime) + micro(used.ru_stime);
	out->rss_kib = (double)used.ru_maxrss;
	if (status != 0) {
		fprintf(stderr, "%s %s: wait status %#x\n", argv[0],
		    argv[1] == NULL ? "" : argv[1], (unsigned)status);
		exit(EX_SOFTWARE);
	}
}

NORETURN void
bench_fail(const char *what, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", what, e->msg);
	exit(e->status);
}

int64_t
bench_count(const char *text)
{
	int64_t n;

	if (num_int(text, 1, 1000000000, &n) < 0) {
		fprintf(stderr, "'%s' is not a count\n", text);
		exit(EX_USAGE);
	}
	return n;
}
