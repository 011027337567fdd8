/*
 * spawn ROUNDS MIB: sandboxed /bin/true from a runner that holds MIB, by turns
 * with agent-exec and with bwrap, in its own namespaces and without.  Prints
 * the medians in microseconds: a spawn of ours from a small runner, agent-exec,
 * bwrap, bwrap without namespaces, the ratio of the first to the third; the
 * same from the large one; and compiling a view.
 */
#include "bench.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "sandbox/sandbox.h"

static const char *const bwrap[] = {
    "bwrap", "--unshare-all", "--ro-bind", "/", "/", "true", NULL};
static const char *const bind[] = {
    "bwrap", "--ro-bind", "/", "/", "true", NULL};
static const char *const exec[] = {"agent-exec", "true", NULL};
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
	    view_compile(&p, here, NULL, NULL, 0, clock_real(), v, &e) < 0)
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
	const char *const *const others[] = {exec, bwrap, bind};
	enum { OURS, EXEC, BWRAP, BIND, RATIO, KINDS };
	struct samples s[KINDS];
	struct cost cost[BIND];
	size_t i, kind;
	double us;

	for (kind = 0; kind < KINDS; kind++)
		samples_init(&s[kind], rounds);
	for (i = 0; i < rounds; i++) {
		us = ours(l, v);
		samples_add(&s[OURS], us);
		for (kind = 0; kind < BIND; kind++) {
			bench_run(others[kind], NULL, &cost[kind]);
			samples_add(&s[EXEC + kind], cost[kind].wall_us);
		}
		samples_add(&s[RATIO], us / cost[1].wall_us);
	}
	for (kind = 0; kind < RATIO; kind++)
		printf("%.0f ", samples_median(&s[kind]));
	printf("%.3f ", samples_median(&s[RATIO]));
	for (kind = 0; kind < KINDS; kind++)
		samples_free(&s[kind]);
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
