/*
 * target.h: the file that write_file or edit_file replaces: found with its
 * links resolved, then replaced whole or not at all.  Runs inside, like
 * inside.h.
 */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/err.h"

/* A file about to be replaced. */
struct target {
	const char *shown; /* as the model named it */
	char *path;        /* links resolved; owned */
	bool exists;
	mode_t mode; /* permissions that it has or gets */
	uid_t uid;
	gid_t gid;
	int fd;               /* open to read when it exists; or -1 */
	struct digest before; /* all zero when it does not exist */
};

/* Find what is there, a regular file or nothing yet; -1: the reason has been
 * written, as of a call that did not prepare. */
int target_find(struct target *, const char *path);
void target_free(struct target *);
/* Replace it durably, keeping its mode; missing folders are made.  A file that
 * is granted by itself is written in place. */
int target_write(const struct target *, const char *data, size_t n,
    struct err *);

/* Write the mark before the reason: no header will come.  Returns 1. */
int target_refuse(void);

#endif
