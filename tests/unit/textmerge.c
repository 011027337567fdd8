/* Two changed texts and what both came from, line by line. */
#include "base/textmerge.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct slice
text(const char *s)
{
	return (struct slice){s, strlen(s)};
}

/* `want` NULL: a conflict. */
static void
is(const char *base, const char *ours, const char *theirs, const char *want,
    const char *name)
{
	struct buf out CLEANUP_BUF = {0};
	bool merged = textmerge(text(base), text(ours), text(theirs), &out);

	if (!ok(merged == (want != NULL) &&
		    strcmp(buf_str(&out), want == NULL ? "" : want) == 0,
		"%s", name))
		printf("# merged %d, got:\n%s", merged, buf_str(&out));
}

static void
cases(void)
{
	is("1\n2\n3\n4\n5\n", "x\n2\n3\n4\n5\n", "1\n2\n3\n4\ny\n",
	    "x\n2\n3\n4\ny\n", "changes of different lines are merged");
	is("1\n2\n3\n4\n5\n", "1\n2\na\n3\n4\n5\n", "1\n3\n5\n", NULL,
	    "what is added beside a line that goes is a conflict");
	is("1\n2\n3\n4\n5\n", "1\na\n2\n3\n4\n5\n", "1\n2\n3\n5\n",
	    "1\na\n2\n3\n5\n", "one adds lines, the other removes some");
	is("1\n2\n3\n", "1\nx\n3\n", "1\ny\n3\n", NULL,
	    "different changes of one line are a conflict");
	is("1\n2\n3\n", "1\nx\n3\n", "1\nx\n3\n", "1\nx\n3\n",
	    "the same change on both sides is one");
	is("1\n2\n3\n4\n", "1\nx\n3\n4\n", "1\n2\ny\n4\n", NULL,
	    "changes of lines that touch are a conflict");
	is("", "a\n", "b\n", NULL, "so are two texts without a base");
	is("", "a\n", "", "a\n", "but not when one of them is empty");
	is("a\nb\n", "a\nb\nc\n", "z\na\nb\n", "z\na\nb\nc\n",
	    "lines are added at both ends");
	is("a\nb\nc", "x\nb\nc", "a\nb\nc\n", "x\nb\nc\n",
	    "a newline at the end is a change like any other");
	is("a\nb\nc", "a\nb\nc\nd", "a\nb\nc\n", NULL,
	    "and a conflict, where both changed that line");
	is("a\nb\nc\n", "", "a\nb\nx\n", NULL,
	    "a text that was emptied and a changed one are a conflict");
}

/* ---- properties -------------------------------------------------------------------- */

static void
random_text(struct buf *out, unsigned *seed)
{
	size_t n = (size_t)(rand_r(seed) % 40), i;

	for (i = 0; i < n; i++)
		buf_printf(out, "%c\n", 'a' + rand_r(seed) % 6);
	if (rand_r(seed) % 4 == 0)
		buf_puts(out, "end");
}

/* Lines [from, to) of `s` are changed at random; a place each is kept free of
 * changes by the caller. */
static void
change(const char *s, size_t from, size_t to, char letter, unsigned *seed,
    struct buf *out)
{
	size_t i;
	int what;

	for (i = 0; s[0] != '\0'; i++, s += 2) {
		what = i >= from && i < to ? rand_r(seed) % 4 : 0;
		if (what != 1)
			buf_printf(out, "%c\n", what == 2 ? letter : s[0]);
		if (what == 3)
			buf_printf(out, "%c\n", letter);
	}
}

static bool
equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void
any_three(void)
{
	int i, one = 0, same = 0, turned = 0;
	unsigned seed = 11;

	for (i = 0; i < 3000; i++) {
		struct buf b CLEANUP_BUF = {0}, x CLEANUP_BUF = {0};
		struct buf y CLEANUP_BUF = {0}, out[2] = {{0}, {0}};
		struct slice sb, sx, sy;
		bool got[2];

		random_text(&b, &seed);
		random_text(&x, &seed);
		random_text(&y, &seed);
		sb = text(buf_str(&b));
		sx = text(buf_str(&x));
		sy = text(buf_str(&y));
		one += !textmerge(sb, sx, sb, &out[0]) || !equal(&out[0], &x);
		buf_clear(&out[0]);
		same += !textmerge(sb, sx, sx, &out[0]) || !equal(&out[0], &x);
		buf_clear(&out[0]);
		got[0] = textmerge(sb, sx, sy, &out[0]);
		got[1] = textmerge(sb, sy, sx, &out[1]);
		turned += got[0] != got[1] || !equal(&out[0], &out[1]);
		buf_free(&out[0]);
		buf_free(&out[1]);
	}
	ok(one == 0, "a text that one side changed is that side's");
	ok(same == 0, "what both made alike is that");
	ok(turned == 0, "which side is which makes no difference");
}

static void
apart(void)
{
	static const char lines[] = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n";
	int i, bad = 0;
	unsigned seed = 5;

	for (i = 0; i < 2000; i++) {
		struct buf x CLEANUP_BUF = {0}, y CLEANUP_BUF = {0};
		struct buf out CLEANUP_BUF = {0}, want CLEANUP_BUF = {0};
		size_t at = 1 + (size_t)(rand_r(&seed) % 9);

		change(lines, 0, at, 'X', &seed, &x);
		change(lines, at + 1, 12, 'Y', &seed, &y);
		/* What is changed before that line, then it, then the rest. */
		buf_add(&want, x.data, x.len - 2 * (12 - at));
		buf_puts(&want, strchr(buf_str(&y), lines[2 * at]));
		bad += !textmerge(text(lines), text(buf_str(&x)),
			   text(buf_str(&y)), &out) ||
		       !equal(&out, &want);
	}
	ok(bad == 0, "changes with a line between them never conflict");
}

int
main(void)
{
	cases();
	any_three();
	apart();
	return done();
}
