/*
 * spawn ROUNDS MIB: sandboxed /bin/true from a runner that holds MIB, by turns
 * with bwrap.  Prints the medians in microseconds: ours from a small runner,
 * bwrap then, their ratio; the same from the large one; and compiling a view.
 */
#include "bench.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "sandbox/sandbox.h"

static const char *const bwrap[] = {
    "bwrap", "--unshare-all", "--ro-bind", "/", "/", "true", NULL};
static const char *const command[] = {"/bin/true", NULL};
static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};

static double
since(int64_t start)
{
	return (double)(clock_mono() - start) / 1e3;
}

static void
compile(struct view *v)
{
	char here[4096];
	struct policy p;
	struct err e = {0};

	policy_init(&p);
	policy_add_base(&p);
	policy_add_workspace(&p);
	if (getcwd(here, sizeof(here)) == NULL ||
	    view_compile(&p, here, NULL, NULL, clock_real(), v, &e) < 0)
		bench_fail("view", &e);
	policy_free(&p);
}

static double
ours(struct launcher *l, const struct view *v)
{
	struct spawn s = {.view = v,
	    .argv = command,
	    .env = env,
	    .in = -1,
	    .out = -1,
	    .errout = -1};
	int64_t start = clock_mono();
	struct child_end end;
	struct child c;
	struct err e = {0};

	if (launcher_spawn(l, &s, &c, &e) < 0 || child_wait(&c, &end, &e) < 0)
		bench_fail("spawn", &e);
	if (end.status != 0) {
		fprintf(stderr, "true: status %d\n", end.status);
		exit(EX_SOFTWARE);
	}
	return since(start);
}

static void
race(struct launcher *l, const struct view *v, size_t rounds)
{
	struct samples a, b, ratio;
	struct cost cost;
	size_t i;
	double us;

	samples_init(&a, rounds);
	samples_init(&b, rounds);
	samples_init(&ratio, rounds);
	for (i = 0; i < rounds; i++) {
		us = ours(l, v);
		bench_run(bwrap, NULL, &cost);
		samples_add(&a, us);
		samples_add(&b, cost.wall_us);
		samples_add(&ratio, us / cost.wall_us);
	}
	printf("%.0f %.0f %.3f ", samples_median(&a), samples_median(&b),
	    samples_median(&ratio));
	samples_free(&a);
	samples_free(&b);
	samples_free(&ratio);
}

static double
compile_often(size_t rounds)
{
	struct samples us;
	struct view v;
	int64_t start;
	double median;
	size_t i;

	samples_init(&us, rounds);
	for (i = 0; i < rounds; i++) {
		start = clock_mono();
		compile(&v);
		samples_add(&us, since(start));
		view_free(&v);
	}
	median = samples_median(&us);
	samples_free(&us);
	return median;
}

int
main(int argc, char *argv[])
{
	struct launcher *l;
	struct view v;
	struct err e = {0};
	size_t size, rounds;
	void *memory;

	if (argc != 3) {
		fprintf(stderr, "usage: spawn ROUNDS MIB\n");
		return EX_USAGE;
	}
	rounds = (size_t)bench_count(argv[1]);
	size = (size_t)bench_count(argv[2]) << 20;
	if (launcher_start(SANDBOX_STRICT, &l, &e) < 0)
		bench_fail("launcher", &e);
	compile(&v);
	race(l, &v, rounds);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		bench_fail("memory", &e);
	race(l, &v, rounds);
	printf("%.0f\n", compile_often(rounds));
	view_free(&v);
	launcher_stop(l);
	return 0;
}
