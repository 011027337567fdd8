/*
 * textmerge.h: two changed texts and what both came from, merged line by line,
 * as diff3(1) does (S. Khanna, K. Kunal and B. Pierce, "A Formal Investigation
 * of Diff3", 2007).  Pure.
 */
#ifndef BASE_TEXTMERGE_H
#define BASE_TEXTMERGE_H

#include "base/buf.h"

/*
 * Append to `out` the base with the changes of both.  False, and nothing
 * appended, when both changed the same lines, or lines that touch, and not in
 * the same way.
 */
bool textmerge(struct slice base, struct slice ours, struct slice theirs,
    struct buf *out);

#endif
