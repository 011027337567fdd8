/*
 * output.h: what a person names with -o.  A regular file is replaced whole,
 * once it is on the disk; a device or a pipe is written to as it stands: a
 * rename would put a file in the place of /dev/null.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* NULL and "-" are the standard output.  Ends the program on failure. */
void output_write(const char *to, int (*fill)(void *arg, int fd, struct err *),
    void *arg);
/* The same of a text; a new file has this mode. */
void output_text(const char *to, struct slice text, mode_t mode);

#endif
