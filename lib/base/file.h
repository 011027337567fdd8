/*
 * file.h: files that are whole or absent.  Replacing is: temporary name
 * beside it, write all, fsync, rename, fsync the folder.  A sync that failed
 * is never tried again: the caller ends.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"

/* For CLEANUP: closes the descriptor unless it is -1. */
void fd_cleanup(int *fd);
#define CLEANUP_FD CLEANUP(fd_cleanup)

/* Close what was written; a failure is an error of the data. */
int fd_close(int *fd, const char *name, struct err *);

/* Is `name` one path component: not empty, no slash, not "." or ".."? */
bool file_is_name(const char *name);

/* Open below `dir` (AT_FDCWD for paths of the user's), always close-on-exec.
 * Status: 66 not there, 77 not allowed, 73 cannot create, else 74. */
int file_open(int dir, const char *name, int flags, mode_t, int *fd,
    struct err *);
/* The folder `path`, with what is missing of it made (mode 0700). */
int file_open_dir(const char *path, bool make, int *fd, struct err *);

/* All of a file, at most `max` bytes (status 65 when it is larger). */
int file_read(int dir, const char *name, size_t max, struct buf *out,
    struct err *);
int file_read_fd(int fd, const char *name, size_t max, struct buf *out,
    struct err *);
int file_write_all(int fd, const void *, size_t, const char *name,
    struct err *);

/* Durable: make or replace `name`, one component, in `dir` with these
 * bytes. */
int file_replace(int dir, const char *name, const void *, size_t, mode_t,
    struct err *);
/* The same without syncs, for what can be made again; never half written. */
int file_cache(int dir, const char *name, const void *, size_t, struct err *);

int file_sync(int fd, const char *name, struct err *);	/* fsync */
int file_sync_folder(int dir, const char *name, struct err *);
int file_sync_data(int fd, const char *name, struct err *); /* fdatasync */

/* A file without a name, in $TMPDIR or /tmp. */
int file_scratch(int *fd, struct err *);

/* Make a folder unless it is there. */
int file_make_dir(int dir, const char *name, mode_t, struct err *);

/* Remove a file or a whole tree, never following a link or crossing into
 * another mount; absent is success. */
int file_remove_tree(int dir, const char *name, struct err *);

/* An absolute path without ".", "..", double or trailing slashes, made from
 * `path` (relative to `base`, itself absolute), by its text alone.  The
 * caller frees it. */
char *path_join(const char *base, const char *path);
/* Is `path` the folder `dir` or below it?  Both as path_join makes them. */
bool path_below(const char *path, const char *dir);

/* Let this process have open as many files as it may: a chain of bundles has
 * all of them open. */
void file_open_many(void);

#endif
