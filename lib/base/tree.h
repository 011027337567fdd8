/*
 * tree.h: copies of whole folders: files (by reflink where the file system
 * can), folders, symbolic links, modes and times.  Sockets, fifos and devices
 * are left out; other mounts are not entered.
 */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Copy the folder open as `from` to the new folder `name` in `dir`, and sync
 * what was written.  `skip_dev`, `skip_ino`: a folder to leave out (0: none).
 * On failure what was made is removed.
 */
int tree_copy(int from, int dir, const char *name, dev_t skip_dev,
    ino_t skip_ino, struct err *);
/* Copy one thing, whatever it is, from one folder to another under the same
 * name, which must be free there; not synced. */
int tree_copy_entry(int from, int to, const char *name, struct err *);

/* Copy a file's first `size` bytes to an empty one; holes stay holes. */
int tree_copy_bytes(int in, int out, off_t size, const char *name,
    struct err *);

#endif
