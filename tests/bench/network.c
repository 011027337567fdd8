/*
 * network ROUNDS: a sandboxed /bin/true without and with a network and its
 * proxy, by turns.  Prints the medians in microseconds.
 */
#include "bench.h"

#include "base/clock.h"
#include "sandbox/proxy.h"

static const char *const command[] = {"/bin/true", NULL};
static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};

/* From the spawn to the end, what the proxy tells included. */
static double
call(struct launcher *l, const struct view *v, const struct proxy_job *job)
{
	struct spawn s = {.view = v,
	    .argv = command,
	    .env = env,
	    .in = -1,
	    .out = -1,
	    .errout = -1};
	struct buf told CLEANUP_BUF = {0};
	const char *const *more;
	int64_t start = clock_mono();
	struct child_end end;
	struct child c;
	struct err e = {0};
	int net = -1;

	if (job != NULL && proxy_prepare(l, job, &s, &more, &e) < 0)
		bench_fail("prepare", &e);
	if (launcher_spawn(l, &s, &c, &e) < 0 ||
	    (job != NULL && proxy_serve(l, job, &c, &net, &e) < 0) ||
	    child_wait(&c, &end, &e) < 0)
		bench_fail("spawn", &e);
	proxy_finish(&net, NULL, &told);
	if (end.status != 0 || (job != NULL && told.len == 0)) {
		fprintf(stderr, "true: status %d\n", end.status);
		exit(EX_SOFTWARE);
	}
	return (double)(clock_mono() - start) / 1e3;
}

int
main(int argc, char *argv[])
{
	struct samples without, with;
	struct launcher *l;
	struct policy p;
	struct view v;
	struct err e = {0};
	size_t i, rounds;

	if (argc != 2) {
		fprintf(stderr, "usage: network ROUNDS\n");
		return EX_USAGE;
	}
	rounds = (size_t)bench_count(argv[1]);
	policy_init(&p);
	policy_add_base(&p);
	if (policy_add(&p, "allow connect net:localhost:80", "", &e) < 0 ||
	    launcher_start(SANDBOX_STRICT, &l, &e) < 0 ||
	    launcher_add_proxy(l, &e) < 0 ||
	    view_compile(&p, "/", NULL, NULL, 0, clock_real(), &v, &e) < 0)
		bench_fail("network", &e);
	const struct proxy_job job = {.policy = &p, .now = clock_real()};

	samples_init(&without, rounds);
	samples_init(&with, rounds);
	for (i = 0; i < rounds; i++) {
		samples_add(&without, call(l, &v, NULL));
		samples_add(&with, call(l, &v, &job));
	}
	printf("%.0f %.0f\n", samples_median(&without), samples_median(&with));
	samples_free(&without);
	samples_free(&with);
	view_free(&v);
	policy_free(&p);
	launcher_stop(l);
	return 0;
}
