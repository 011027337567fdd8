/*
 * textdiff.h: what differs between two texts, line by line, as the hunks of a
 * unified diff.  Pure.  Its one invariant: the hunks applied to the first text
 * give the second, to the byte.
 *
 * The differences are the fewest that there are (E. Myers, "An O(ND) Difference
 * Algorithm and Its Variations", Algorithmica 1, 1986, section 4b: linear
 * space), but where that would take too long: then there may be more.  Time is
 * at most proportional to the lines' number times TEXTDIFF_STEPS or to
 * TEXTDIFF_WORK, whatever is more, and to the bytes times the logarithm of the
 * lines' number.
 */
#ifndef BASE_TEXTDIFF_H
#define BASE_TEXTDIFF_H

#include "base/buf.h"

#define TEXTDIFF_CONTEXT ((size_t)3)
#define TEXTDIFF_STEPS   ((int64_t)64)
#define TEXTDIFF_WORK    ((int64_t)1 << 27)

struct textdiff_counts {
	int64_t added, removed; /* lines */
};

/*
 * Append the hunks from `a` to `b`, "@@ -1,3 +1,4 @@" and so on, without the
 * names before them; nothing when both are the same.  `context` is how many
 * common lines stand around.  `out` is NULL: only count.
 */
void textdiff(struct slice a, struct slice b, size_t context, struct buf *out,
    struct textdiff_counts *counts);

#endif
