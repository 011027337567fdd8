/* Differences of texts: to the byte, few, and soon. */
#include "base/textdiff.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tap.h"

static struct slice
text(const char *s)
{
	return (struct slice){s, strlen(s)};
}

static void
is(const char *a, const char *b, size_t context, const char *want,
    const char *name)
{
	struct buf out CLEANUP_BUF = {0};
	struct textdiff_counts c;

	textdiff(text(a), text(b), context, &out, &c);
	if (!ok(strcmp(buf_str(&out), want) == 0, "%s", name))
		printf("# got:\n%s# want:\n%s", buf_str(&out), want);
}

static void
forms(void)
{
	is("a\n", "a\n", 3, "", "the same text has no hunk");
	is("", "", 3, "", "nor have two empty ones");
	is("", "a\n", 3, "@@ -0,0 +1 @@\n+a\n", "an empty text has no line");
	is("a\nb\n", "", 3, "@@ -1,2 +0,0 @@\n-a\n-b\n", "in both directions");
	is("a\nb\nc\n", "a\nx\nc\n", 3, "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n",
	    "what is removed stands before what is added");
	is("a", "a\n", 3, "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n",
	    "a missing newline is a difference, and is told");
	is("b\na", "c\na", 3,
	    "@@ -1,2 +1,2 @@\n-b\n+c\n a\n\\ No newline at end of file\n",
	    "also where it is the same");
	is("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nx\n3\n4\n5\n6\n7\ny\n9\n", 3,
	    "@@ -1,9 +1,9 @@\n 1\n-2\n+x\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n 9\n",
	    "hunks whose context would touch are one");
	is("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nx\n3\n4\n5\n6\n7\ny\n9\n", 2,
	    "@@ -1,4 +1,4 @@\n 1\n-2\n+x\n 3\n 4\n"
	    "@@ -6,4 +6,4 @@\n 6\n 7\n-8\n+y\n 9\n",
	    "others are not");
	is("{\n x\n}\n", "{\n x\n}\n{\n x\n}\n", 0,
	    "@@ -3,0 +4,3 @@\n+{\n+ x\n+}\n", "a new block is whole");
	is("a\r\nb\n", "a\nb\n", 0, "@@ -1 +1 @@\n-a\r\n+a\n",
	    "a carriage return is a difference");
}

/* How many lines are to be removed and added at least. */
static int64_t
fewest(const char *a, const char *b)
{
	static int64_t best[65][65];
	size_t n = strlen(a) / 2, m = strlen(b) / 2, i, j;

	for (i = 0; i <= n; i++)
		for (j = 0; j <= m; j++)
			if (i == 0 || j == 0)
				best[i][j] = (int64_t)(i + j);
			else if (a[2 * (i - 1)] == b[2 * (j - 1)])
				best[i][j] = best[i - 1][j - 1];
			else if (best[i - 1][j] < best[i][j - 1])
				best[i][j] = best[i - 1][j] + 1;
			else
				best[i][j] = best[i][j - 1] + 1;
	return best[n][m];
}

static void
random_lines(char *out, unsigned *seed, unsigned letters)
{
	size_t n = (size_t)(rand_r(seed) % 64), i;

	for (i = 0; i < n; i++) {
		out[2 * i] = (char)('a' + rand_r(seed) % (int)letters);
		out[2 * i + 1] = '\n';
	}
	out[2 * n] = '\0';
}

static void
are_fewest(void)
{
	struct textdiff_counts c;
	char a[130], b[130];
	unsigned seed = 7;
	int i, bad = 0;

	for (i = 0; i < 4000; i++) {
		random_lines(a, &seed, 2 + (unsigned)i % 9);
		random_lines(b, &seed, 2 + (unsigned)i % 9);
		textdiff(text(a), text(b), 3, NULL, &c);
		bad += c.added + c.removed != fewest(a, b);
	}
	ok(bad == 0, "of 4,000 random pairs all have the fewest differences");
}

/* Most lines are in both texts, in an order that fits nowhere. */
static void
hostile(size_t lines, unsigned letters, const char *name)
{
	struct buf a CLEANUP_BUF = {0}, b CLEANUP_BUF = {0},
		     out CLEANUP_BUF = {0};
	int64_t start = clock_mono();
	struct textdiff_counts c;
	unsigned seed = 1;
	size_t i;

	for (i = 0; i < lines; i++) {
		buf_printf(&a, "%u\n", (unsigned)rand_r(&seed) % letters);
		buf_printf(&b, "%u\n", (unsigned)rand_r(&seed) % letters);
	}
	textdiff((struct slice){a.data, a.len}, (struct slice){b.data, b.len},
	    3, &out, &c);
	ok(clock_mono() - start < 60 * CLOCK_SECOND && c.added == c.removed,
	    "%s ends soon", name);
	printf("# %.3f s, %lld added\n",
	    (double)(clock_mono() - start) / (double)CLOCK_SECOND,
	    (long long)c.added);
}

int
main(void)
{
	forms();
	are_fewest();
	hostile(250000, 2, "half a million lines of two kinds");
	hostile(100000, 1000, "of a thousand kinds");
	hostile(100000, 100000, "of a hundred thousand kinds");
	return done();
}
