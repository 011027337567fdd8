/*
 * guard.h: what mounts cannot keep is looked at again.  A mask lies on a file,
 * not on its name: who replaces the file from outside takes the mask away, and
 * where a denied name is free there is nothing to put one on.  So denied names
 * are looked at before a call and, when its processes are dead and before
 * anybody acts on its result, once more.
 *
 * Invariant: nothing is moved that was there before the call, nor anything
 * from where the call could not write.
 */
#ifndef SANDBOX_GUARD_H
#define SANDBOX_GUARD_H

#include <stdbool.h>

#include "base/buf.h"
#include "sandbox/view.h"

struct guard {
	struct guard_name *names;
	size_t count, cap;
};

/* Look at the names that the view denies in what it grants.  Before the
 * processes are made: what is replaced after that counts. */
void guard_take(struct guard *, const struct view *);
/*
 * Look again.  True: the call met something denied, and `why` (a sentence for
 * people and models) gets the reason: its output is not to be shown.  A name
 * that appeared is moved to a new folder below `quarantine`, which is made
 * when it is needed (NULL: it is left where it is).
 */
bool guard_check(const struct guard *, const char *quarantine,
    struct buf *why);
void guard_free(struct guard *);

#endif
