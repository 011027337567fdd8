/*
 * mail ROUNDS N ROOT AGENT DIR: what a letter costs.  By turns: N letters into
 * the mailbox of AGENT, N files in DIR that are written, synced, renamed and
 * their folder synced, and the letters taken.  Prints medians in microseconds:
 * a letter sent, such a file, a letter taken; and the median ratio of the
 * first two of the same round.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/post.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

struct bench {
	size_t n;
	struct root root;
	const char *agent;
	int tmp, new;
	struct samples send, floor, take, ratio;
};

static const char text[] =
    "{\"kind\":\"event\",\"from\":\"bench\",\"event\":\"tick\",\"text\":\"\"}";

static double
each(int64_t start, size_t n)
{
	return (double)(clock_mono() - start) / 1e3 / (double)n;
}

/* Events: of messages a model is given only some at a time. */
static double
send(const struct bench *b)
{
	int64_t start = clock_mono();
	struct err e;
	size_t i;

	for (i = 0; i < b->n; i++) {
		struct post p CLEANUP_POST = {.kind = POST_EVENT};

		p.name = post_name_person();
		p.from = mem_strdup("bench");
		p.event = mem_strdup("tick");
		p.text = mem_strdup("");
		if (post_send(&b->root, b->agent, &p, &e) < 0)
			bench_fail("send", &e);
	}
	return each(start, b->n);
}

static double
write_files(const struct bench *b)
{
	int64_t start = clock_mono();
	char name[24];
	struct err e = {0};
	size_t i;

	for (i = 0; i < b->n; i++) {
		int fd CLEANUP_FD = -1;

		(void)snprintf(name, sizeof(name), "%zu", i);
		if (file_open(b->tmp, name, O_WRONLY | O_CREAT | O_EXCL, 0600,
			&fd, &e) < 0 ||
		    file_write_all(fd, text, sizeof(text) - 1, name, &e) < 0 ||
		    file_sync(fd, name, &e) < 0 ||
		    renameat(b->tmp, name, b->new, name) < 0 ||
		    file_sync(b->new, name, &e) < 0)
			bench_fail("a file", &e);
	}
	return each(start, b->n);
}

static double
take(struct bench *b)
{
	struct session s;
	bool wrote = false;
	size_t count = 0;
	int64_t start;
	struct err e;
	int got;

	if (session_write(&b->root, b->agent, &s, &e) < 0)
		bench_fail("agent", &e);
	start = clock_mono();
	while ((got = post_drain(&s, &wrote, &e)) > 0)
		count += (size_t)got;
	if (got < 0 || count != b->n)
		bench_fail("take", &e);
	if (session_seal(&s, &e) < 0)
		bench_fail("seal", &e);
	session_close(&s);
	return each(start, b->n);
}

int
main(int argc, char *argv[])
{
	struct bench b = {.tmp = -1, .new = -1};
	struct err e = {0};
	int64_t rounds;
	int dir, i;
	double send_us, floor_us;

	if (argc != 6)
		return EX_USAGE;
	rounds = bench_count(argv[1]);
	b.n = (size_t)bench_count(argv[2]);
	b.agent = argv[4];
	if (root_open(argv[3], false, &b.root, &e) < 0 ||
	    file_open_dir(argv[5], true, &dir, &e) < 0 ||
	    file_make_dir(dir, "tmp", 0700, &e) < 0 ||
	    file_make_dir(dir, "new", 0700, &e) < 0 ||
	    file_open(dir, "tmp", O_RDONLY | O_DIRECTORY, 0, &b.tmp, &e) < 0 ||
	    file_open(dir, "new", O_RDONLY | O_DIRECTORY, 0, &b.new, &e) < 0)
		bench_fail("begin", &e);
	samples_init(&b.send, (size_t)rounds);
	samples_init(&b.floor, (size_t)rounds);
	samples_init(&b.take, (size_t)rounds);
	samples_init(&b.ratio, (size_t)rounds);
	for (i = 0; i < rounds; i++) {
		send_us = send(&b);
		floor_us = write_files(&b);
		samples_add(&b.send, send_us);
		samples_add(&b.floor, floor_us);
		samples_add(&b.ratio, send_us / floor_us);
		samples_add(&b.take, take(&b));
	}
	printf("%.1f %.1f %.1f %.3f\n", samples_median(&b.send),
	    samples_median(&b.floor), samples_median(&b.take),
	    samples_median(&b.ratio));
	return 0;
}
