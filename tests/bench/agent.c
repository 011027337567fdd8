/*
 * agent grow ROOT AGENT MIB: append notes of 4 KiB and a seal.
 * agent turns ROOT AGENT MIB: append turns of a call whose result has 4 KiB of
 * text; nothing is folded, so the requests' digests are none.
 * agent open ROOT AGENT ROUNDS: open the newest state; prints the median in
 * microseconds.
 */
#include "bench.h"

#include <inttypes.h>
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

static void
stage(struct journal *j, enum record_type type, const struct buf *body)
{
	struct record out;

	journal_stage(j, type, (struct slice){body->data, body->len}, &out);
}

static void
put_call(struct buf *out, int64_t seq)
{
	buf_clear(out);
	buf_printf(out,
	    "{\"call\":\"m%" PRId64 "\",\"model\":\"openai:bench\","
	    "\"form\":1,\"tools\":\"%064d\",\"request\":\"%064d\","
	    "\"attempt\":1}",
	    seq, 0, 0);
}

static void
turn(struct journal *j, const char *text)
{
	struct buf a CLEANUP_BUF = {0}, b CLEANUP_BUF = {0};
	static const char tools[][12] = {"run_command", "read_file"};
	int64_t seq = journal_next(j);
	const char *tool = tools[seq / 4 % 2];

	buf_printf(&a,
	    "{\"call\":\"m%" PRId64 "\",\"stop\":\"calls\",\"usage\":{"
	    "\"input\":1000,\"output\":50,\"cached\":0},\"cost\":120,"
	    "\"calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":{"
	    "\"name\":\"%s\",\"arguments\":\"{}\"}}],\"text\":\"\"}",
	    seq - 1, tool);
	buf_printf(&b,
	    "{\"call\":\"%" PRId64 ".0\",\"tool\":\"%s\",\"effect\":"
	    "\"none\",\"decision\":{\"verdict\":\"allow\",\"grants\":[\"g1\"],"
	    "\"why\":\"\"},\"arguments\":\"{}\"}",
	    seq, tool);
	stage(j, RECORD_MODEL_REPLY, &a);
	stage(j, RECORD_TOOL_CALL, &b);
	buf_clear(&a);
	buf_printf(&a,
	    "{\"call\":\"%" PRId64 ".0\",\"status\":\"%s\",\"exit\":%d,"
	    "\"seconds\":0.010,\"text\":\"%.*s\"}",
	    seq, seq % 1000 == 3 ? "failed" : "ok", seq % 1000 == 3, NOTE,
	    text);
	put_call(&b, seq + 3);
	stage(j, RECORD_TOOL_RESULT, &a);
	stage(j, RECORD_MODEL_CALL, &b);
}

static int
turns(struct root *root, const char *id, int64_t mib, struct err *e)
{
	struct buf first CLEANUP_BUF = {0};
	struct sign_secret key;
	char text[NOTE];
	struct session s;
	int r = 0, i;

	fill(text, sizeof(text));
	if (root_secret(root, &key, e) < 0 ||
	    session_write(root, id, &s, e) < 0)
		return -1;
	put_call(&first, journal_next(&s.journal));
	stage(&s.journal, RECORD_MODEL_CALL, &first);
	while (r == 0 && s.journal.mark.offset < mib * 1024 * 1024) {
		for (i = 0; i < GROUP / 4; i++)
			turn(&s.journal, text);
		r = journal_commit(&s.journal, e);
	}
	if (r == 0)
		r = journal_seal(&s.journal, &key, e);
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
		fprintf(
		    stderr, "usage: agent grow|turns|open ROOT AGENT COUNT\n");
		return EX_USAGE;
	}
	n = bench_count(argv[4]);
	if (root_open(argv[2], false, &root, &e) < 0 ||
	    root_find(&root, argv[3], id, &e) < 0)
		bench_fail(argv[3], &e);
	if ((strcmp(argv[1], "grow") == 0 ? grow
		: strcmp(argv[1], "turns") == 0
		    ? turns
		    : open_often)(&root, id, n, &e) < 0)
		bench_fail(argv[1], &e);
	root_close(&root);
	return 0;
}
