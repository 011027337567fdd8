/*
 * inside.h: the bodies of the built-in tools that work on files, and what
 * they share.  They run inside the private root, where what is not granted
 * does not exist: so they resolve paths as the kernel does and check nothing
 * again.  The argument is the call's arguments as JSON text, the answer goes
 * to descriptor 1, 0 is done and 1 is failed with the reason as the answer.
 *
 * A tool that prepares first tells the digests before and after in a header
 * of fixed size, then waits for one byte on descriptor 0; the end of input
 * instead means that nothing is to be done.
 */
#ifndef TOOL_INSIDE_H
#define TOOL_INSIDE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"

/* 'E' (there was a file) or 'N' (none), digest before, digest after, newline;
 * or 'F' alone: it failed, and the rest is the answer. */
#define INSIDE_HEADER (2 + 2 * DIGEST_HEX)

int inside_read_file(struct slice argument);
int inside_list_files(struct slice argument);
int inside_search_files(struct slice argument);
int inside_write_file(struct slice argument);
int inside_edit_file(struct slice argument);
/* For recovery: the header alone, with the digest that the path has now. */
int inside_look(struct slice argument);

/* Write the reason as the answer; returns 1. */
int inside_fail(const char *fmt, ...) PRINTF(1, 2);
/* Write the answer; returns 0, or 1 when nobody reads it. */
int inside_answer(const struct buf *);
/* The call's arguments; the schema has been checked by the parent. */
int inside_arguments(struct slice, struct json **out);
/* The absolute path that the decision was made for, by text as there; the
 * caller frees it. */
char *inside_path(const char *path);
/* "no such file: PATH" and its like, for errno `errnum`. */
int inside_fail_path(const char *path, int errnum);
/* Open to read, never waiting for a writer; only regular files (and folders
 * when `folders`).  -1: the reason has been written. */
int inside_open(const char *path, bool folders, struct stat *, int *fd);
/* Does this beginning of a file look like anything but text? */
bool inside_is_binary(const char *, size_t);

#endif
