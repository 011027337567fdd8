/*
 * agent grow ROOT AGENT MIB: append notes of 4 KiB and a seal.
 * agent open ROOT AGENT ROUNDS: open the newest state; prints the median in
 * microseconds.
 */
#include "bench.h"

#include <string.h>

#include "agent/root.h"
#include "agent/session.h"
#include "base/clock.h"
#include "base/jsonw.h"

enum { NOTE = 4096, GROUP = 256 };

/* Text that does not compress to nothing and needs no escapes. */
static void
fill(char *text, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz .,-ABCDEF";
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = letters[x >> 16 & 31];
	}
}

static int
grow(struct root *root, const char *id, int64_t mib, struct err *e)
{
	struct buf body CLEANUP_BUF = {0};
	struct jsonw w = {.out = &body};
	char text[NOTE];
	struct session s;
	int64_t i, n = mib * 1024 * 1024 / (NOTE + 350);
	int r = 0;

	fill(text, sizeof(text));
	jsonw_object(&w, NULL);
	jsonw_text(&w, "note", text, sizeof(text));
	jsonw_end(&w, '}');
	if (session_write(root, id, &s, e) < 0)
		return -1;
	for (i = 0; r == 0 && i < n; i++) {
		r = session_stage(
		    &s, RECORD_NOTE, (struct slice){body.data, body.len}, e);
		if (r == 0 && i % GROUP == GROUP - 1)
			r = session_commit(&s, e);
	}
	if (r == 0)
		r = session_seal(&s, e);
	session_close(&s);
	return r;
}

static int
open_often(struct root *root, const char *id, int64_t rounds, struct err *e)
{
	struct samples us;
	struct session s;
	int64_t start, i;

	samples_init(&us, (size_t)rounds);
	for (i = 0; i < rounds; i++) {
		start = clock_mono();
		if (session_read(root, id, false, &s, e) < 0)
			return -1;
		samples_add(&us, (double)(clock_mono() - start) / 1e3);
		session_close(&s);
	}
	printf("%.0f\n", samples_median(&us));
	samples_free(&us);
	return 0;
}

int
main(int argc, char *argv[])
{
	char id[ULID_TEXT];
	struct root root;
	struct err e = {0};
	int64_t n;

	if (argc != 5) {
		fprintf(stderr, "usage: agent grow|open ROOT AGENT COUNT\n");
		return EX_USAGE;
	}
	n = bench_count(argv[4]);
	if (root_open(argv[2], false, &root, &e) < 0 ||
	    root_find(&root, argv[3], id, &e) < 0)
		bench_fail(argv[3], &e);
	if ((strcmp(argv[1], "grow") == 0 ? grow : open_often)(
		&root, id, n, &e) < 0)
		bench_fail(argv[1], &e);
	root_close(&root);
	return 0;
}
