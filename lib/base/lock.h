/*
 * lock.h: a file lock that belongs to an open file description (fcntl(2),
 * OFD locks): it dies with its holder, and is not lost when some other
 * descriptor of the same file is closed.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <stdint.h>

#include "base/err.h"

/*
 * Take the lock file `name` in `dir`, made if need be, without waiting.  The
 * holder's process id is written into it, for people.  Status 75 when somebody
 * else holds it, naming the process.  Release it by closing `*fd`.
 */
int lock_take(int dir, const char *name, int *fd, struct err *);

/* The same, but wait until `deadline` (clock_mono). */
int lock_wait(int dir, const char *name, int64_t deadline, int *fd,
    struct err *);

/* The process id that the holder wrote, or 0 when nobody holds the lock. */
int lock_holder(int dir, const char *name);

#endif
