/*
 * race ROUNDS [-i FILE] -- COMMAND… [-- COMMAND…]…: run the commands by turns
 * and print one line for each: the medians of its wall time and processor time
 * (microseconds) and resident memory (KiB), and the median of its wall time's
 * ratio to that of the last command in the same round.
 */
#include "bench.h"

#include <string.h>

enum { RACERS = 8 };

struct racer {
	const char *const *argv;
	struct samples wall, cpu, rss, ratio;
};

/* Split at each "--"; the separators become the commands' ends. */
static size_t
split(char *argv[], struct racer *racers, size_t rounds)
{
	size_t n = 0;

	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "--") != 0)
			continue;
		*argv = NULL;
		if (n == RACERS || argv[1] == NULL)
			break;
		racers[n].argv = (const char *const *)argv + 1;
		samples_init(&racers[n].wall, rounds);
		samples_init(&racers[n].cpu, rounds);
		samples_init(&racers[n].rss, rounds);
		samples_init(&racers[n].ratio, rounds);
		n++;
	}
	return n;
}

static void
run_round(struct racer *racers, size_t n, const char *in)
{
	struct cost cost[RACERS];
	size_t i;

	for (i = 0; i < n; i++) {
		bench_run(racers[i].argv, in, &cost[i]);
		samples_add(&racers[i].wall, cost[i].wall_us);
		samples_add(&racers[i].cpu, cost[i].cpu_us);
		samples_add(&racers[i].rss, cost[i].rss_kib);
	}
	for (i = 0; i < n; i++)
		samples_add(
		    &racers[i].ratio, cost[i].wall_us / cost[n - 1].wall_us);
}

int
main(int argc, char *argv[])
{
	struct racer racers[RACERS] = {{0}};
	const char *in = NULL;
	size_t n, i, rounds;

	if (argc < 4) {
		fprintf(stderr, "usage: race ROUNDS [-i FILE] -- COMMAND…\n");
		return EX_USAGE;
	}
	rounds = (size_t)bench_count(argv[1]);
	if (strcmp(argv[2], "-i") == 0)
		in = argv[3];
	n = split(argv + 2, racers, rounds);
	for (i = 0; i < rounds; i++)
		run_round(racers, n, in);
	for (i = 0; i < n; i++) {
		printf("%.0f %.0f %.0f %.3f\n", samples_median(&racers[i].wall),
		    samples_median(&racers[i].cpu),
		    samples_median(&racers[i].rss),
		    samples_median(&racers[i].ratio));
		samples_free(&racers[i].wall);
		samples_free(&racers[i].cpu);
		samples_free(&racers[i].rss);
		samples_free(&racers[i].ratio);
	}
	return n == 0 ? EX_USAGE : 0;
}
