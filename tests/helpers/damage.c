/*
 * damage ROOT ID: every change that can be made to an agent's journal is made,
 * and agent-audit's proof must find it and name the record.  One line for each
 * kind on stdout: how many were tried and how many were missed, and the first
 * ones missed.  damage ROOT ID BUNDLE does so with a bundle's file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/prove.h"
#include "base/file.h"
#include "base/mem.h"

struct damage {
	struct root root;
	const char *id, *bundle;
	char *path;
	struct buf good;
	size_t *line; /* where each begins; and the end */
	size_t lines;
	int64_t tried, missed;
};

static void
give_up(const struct err *e)
{
	(void)fprintf(stderr, "damage: %s\n", e->msg);
	exit(70);
}

/* Is the history good?  `bad` is then the record that is named. */
static bool
is_good(struct damage *d, int64_t *bad, struct err *e)
{
	struct prove_options o = {0};
	struct prove_result r = {0};
	struct source s;
	int got;

	got = d->bundle != NULL
		  ? source_open(&d->root, d->bundle, 0, NULL, &s, e)
		  : source_open_agent(&d->root, d->id, &s, e);
	if (got < 0) {
		*bad = 0;
		return false;
	}
	got = prove(&s, &o, &r, e);
	source_close(&s);
	*bad = r.bad;
	return got == 0;
}

static void
put(struct damage *d, const char *data, size_t n)
{
	int fd = open(d->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	struct err e;

	if (fd < 0 || file_write_all(fd, data, n, d->path, &e) < 0) {
		perror(d->path);
		exit(74);
	}
	(void)close(fd);
}

/* The first record of the group that record `seq` is in. */
static int64_t
group_of(const struct damage *d, int64_t seq)
{
	static const char more[] = "\",\"more\":true,\"prev\":";
	const char *line;
	size_t len;

	for (; seq > 1 && (size_t)seq <= d->lines; seq--) {
		line = d->good.data + d->line[seq - 2];
		len = d->line[seq - 1] - d->line[seq - 2];
		if (memmem(line, len, more, sizeof(more) - 1) == NULL)
			break;
	}
	return seq;
}

/*
 * The file as it stands now must not be good; the first broken record is
 * `want` or, where its header is what changed, the one that follows; where it
 * is gone, all of its group is.
 */
static void
judge(struct damage *d, const char *kind, size_t at, int64_t want)
{
	int64_t bad;
	struct err e = {0};

	d->tried++;
	if (!is_good(d, &bad, &e) &&
	    (want == 0 || bad == want || bad == want + 1 ||
		(strstr(e.msg, "is gone") != NULL && bad == group_of(d, want))))
		return;
	if (d->missed++ < 5)
		printf("# %s %zu: named %lld, not %lld (%s)\n", kind, at,
		    (long long)bad, (long long)want, e.msg);
}

static void
tell(struct damage *d, const char *kind)
{
	printf("%s %lld tried %lld missed\n", kind, (long long)d->tried,
	    (long long)d->missed);
	d->tried = d->missed = 0;
	put(d, d->good.data, d->good.len);
}

static int64_t
record_at(const struct damage *d, size_t at)
{
	size_t i = 0;

	if (d->bundle != NULL)
		return 0;
	while (i + 1 < d->lines && d->line[i + 1] <= at)
		i++;
	return (int64_t)i + 1;
}

static void
bytes(struct damage *d, const char *kind, char mask, size_t step)
{
	int fd = open(d->path, O_WRONLY | O_CLOEXEC);
	size_t i;
	char c;

	for (i = 0; i < d->good.len; i += step) {
		c = (char)(d->good.data[i] ^ mask);
		if (pwrite(fd, &c, 1, (off_t)i) != 1)
			exit(74);
		judge(d, kind, i, record_at(d, i));
		if (pwrite(fd, &d->good.data[i], 1, (off_t)i) != 1)
			exit(74);
	}
	(void)close(fd);
	tell(d, kind);
}

/* Lines [0, a) and [b, c) and [from, to) and [rest, end): how any line is
 * taken out, doubled or moved. */
static void
rebuild(struct damage *d, const size_t part[][2], size_t n)
{
	struct buf text CLEANUP_BUF = {0};
	size_t i;

	for (i = 0; i < n; i++)
		buf_add(&text, d->good.data + d->line[part[i][0]],
		    d->line[part[i][1]] - d->line[part[i][0]]);
	put(d, text.data, text.len);
}

static void
lines(struct damage *d)
{
	size_t i, n = d->lines;

	for (i = 0; i < n; i++) {
		rebuild(d, (const size_t[][2]){{0, i}, {i + 1, n}}, 2);
		judge(d, "removed", i, (int64_t)i + 1);
	}
	tell(d, "removed");
	for (i = 0; i < n; i++) {
		rebuild(d, (const size_t[][2]){{0, i + 1}, {i, n}}, 2);
		judge(d, "doubled", i, (int64_t)i + 2);
	}
	tell(d, "doubled");
	for (i = 0; i + 1 < n; i++) {
		rebuild(d,
		    (const size_t[][2]){
			{0, i}, {i + 1, i + 2}, {i, i + 1}, {i + 2, n}},
		    4);
		judge(d, "reordered", i, (int64_t)i + 1);
	}
	tell(d, "reordered");
	for (i = 0; i < n; i++) {
		rebuild(d, (const size_t[][2]){{0, n}, {i, i + 1}}, 2);
		judge(d, "appended", i, (int64_t)n + 1);
	}
	tell(d, "appended");
}

static void
cuts(struct damage *d, size_t from)
{
	size_t i;

	for (i = from; i < d->good.len; i++) {
		put(d, d->good.data, i);
		judge(d, "cut", i, record_at(d, i));
	}
	tell(d, "cut");
}

static void
load(struct damage *d)
{
	struct err e;
	size_t i;

	if (file_read(AT_FDCWD, d->path, 1 << 30, &d->good, &e) < 0)
		give_up(&e);
	d->line = mem_new(d->good.len + 2, sizeof(*d->line));
	for (i = 0; i < d->good.len; i++)
		if (d->good.data[i] == '\n')
			d->line[++d->lines] = i + 1;
}

int
main(int argc, char *argv[])
{
	struct damage d = {0};
	int64_t bad;
	struct err e = {0};

	if (argc < 3 || root_open(argv[1], false, &d.root, &e) < 0)
		give_up(&e);
	d.id = argv[2];
	d.bundle = argc > 3 ? argv[3] : NULL;
	d.path = d.bundle != NULL
		     ? mem_strdup(d.bundle)
		     : mem_printf("%s/agents/%s/journal.jsonl", argv[1], d.id);
	load(&d);
	if (!is_good(&d, &bad, &e))
		give_up(&e);
	bytes(&d, "changed", 1, 1);
	if (d.bundle != NULL) {
		cuts(&d, d.good.len - 300);
		return 0;
	}
	bytes(&d, "high", (char)0x80, 3);
	lines(&d);
	cuts(&d, d.line[d.lines - 3]);
	return is_good(&d, &bad, &e) ? 0 : 70;
}
