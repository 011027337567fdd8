/*
 * pool.h: work that is the same for each of many things, shared by threads.
 * The caller's thread works too, and keeps the signals for itself.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Run `work` in this thread and in up to `helpers` others, which have ended
 * when it returns. */
#define POOL_HELPERS 8
void pool_run(long helpers, void *(*work)(void *arg), void *arg);

/*
 * Call `one` for each of [0, count), from several threads when `many` and the
 * machine has more than one processor.  Which comes first is not said, and
 * after a failure no more are begun: its error is `e`'s.
 */
int pool_each(size_t count, bool many,
    int (*one)(void *arg, size_t i, struct err *), void *arg, struct err *);

#endif
