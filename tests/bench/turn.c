/*
 * turn ROUNDS TURNS DIR AGENT-RUN SCRIPT0 SCRIPT: what a turn costs.  By turns:
 * a run of SCRIPT0 (no tool call), a run of SCRIPT (TURNS calls more), TURNS
 * appends with fdatasync in DIR, TURNS sandboxed shells.  Prints medians in
 * microseconds: a turn, its processor time, one fdatasync, one spawn, and the
 * median of a turn's ratio to 3 fdatasync and one spawn of the same round.
 */
#include "bench.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "sandbox/sandbox.h"

struct bench {
	size_t turns;
	char *root;
	const char *program, *script[2];
	struct launcher *launcher;
	struct view view;
	int fd;
	struct samples turn, cpu, sync, spawn, ratio;
};

static double
since(int64_t start)
{
	return (double)(clock_mono() - start) / 1e3;
}

static void
run(const struct bench *b, const char *script, struct cost *out)
{
	char *model CLEANUP_FREE = mem_printf("script:%s", script);
	const char *const argv[] = {
	    b->program, "--root", b->root, "-q", "-m", model, "go", NULL};

	bench_run(argv, NULL, out);
}

static double
append(const struct bench *b)
{
	static const char line[500] = "";
	int64_t start = clock_mono();
	struct err e = {0};

	if (write(b->fd, line, sizeof(line)) != sizeof(line) ||
	    file_sync_data(b->fd, "sync", &e) < 0)
		bench_fail("append", &e);
	return since(start);
}

static double
spawn(const struct bench *b)
{
	static const char *const argv[] = {"/bin/sh", "-c", "true", NULL};
	static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	struct spawn s = {.view = &b->view,
	    .argv = argv,
	    .env = env,
	    .in = -1,
	    .out = -1,
	    .errout = -1};
	int64_t start = clock_mono();
	struct child_end end;
	struct child c;
	struct err e = {0};

	if (launcher_spawn(b->launcher, &s, &c, &e) < 0 ||
	    child_wait(&c, &end, &e) < 0)
		bench_fail("spawn", &e);
	return since(start);
}

static void
run_round(struct bench *b)
{
	double sync = 0, spawned = 0, turn, n = (double)b->turns;
	struct cost none, all;
	size_t i;

	run(b, b->script[0], &none);
	run(b, b->script[1], &all);
	for (i = 0; i < b->turns; i++) {
		sync += append(b);
		spawned += spawn(b);
	}
	turn = (all.wall_us - none.wall_us) / n;
	samples_add(&b->turn, turn);
	samples_add(&b->cpu, (all.cpu_us - none.cpu_us) / n);
	samples_add(&b->sync, sync / n);
	samples_add(&b->spawn, spawned / n);
	samples_add(&b->ratio, turn / ((3 * sync + spawned) / n));
}

static void
prepare(struct bench *b, const char *dir, size_t rounds)
{
	struct policy p;
	struct err e = {0};

	if (launcher_start(SANDBOX_STRICT, &b->launcher, &e) < 0)
		bench_fail("launcher", &e);
	policy_init(&p);
	policy_add_base(&p);
	policy_add_workspace(&p);
	if (view_compile(&p, dir, NULL, NULL, 0, clock_real(), &b->view, &e) <
	    0)
		bench_fail("view", &e);
	policy_free(&p);
	b->root = mem_printf("%s/root", dir);
	if (chdir(dir) < 0 ||
	    (b->fd = open(
		 "sync", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) < 0)
		bench_fail(dir, &e);
	samples_init(&b->turn, rounds);
	samples_init(&b->cpu, rounds);
	samples_init(&b->sync, rounds);
	samples_init(&b->spawn, rounds);
	samples_init(&b->ratio, rounds);
}

int
main(int argc, char *argv[])
{
	struct bench b = {0};
	size_t rounds, i;

	if (argc != 7) {
		fprintf(stderr, "usage: turn ROUNDS TURNS DIR AGENT-RUN "
				"SCRIPT0 SCRIPT\n");
		return EX_USAGE;
	}
	rounds = (size_t)bench_count(argv[1]);
	b.turns = (size_t)bench_count(argv[2]);
	b.program = argv[4];
	b.script[0] = argv[5];
	b.script[1] = argv[6];
	prepare(&b, argv[3], rounds);
	for (i = 0; i < rounds; i++)
		run_round(&b);
	printf("%.0f %.0f %.0f %.0f %.3f\n", samples_median(&b.turn),
	    samples_median(&b.cpu), samples_median(&b.sync),
	    samples_median(&b.spawn), samples_median(&b.ratio));
	launcher_stop(b.launcher);
	return 0;
}
