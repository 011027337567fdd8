/*
 * value.h: values of options and operands, read or refused with status 64.
 */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stdint.h>

#include "cli/opt.h"
#include "sandbox/sandbox.h"

/* A positive integer. */
int64_t value_integer(const struct program *, const char *option,
    const char *value);
/* An integer, 0 or more. */
int64_t value_count(const struct program *, const char *option,
    const char *value);
/* A size in bytes, such as 64K; from 1 to `most`. */
int64_t value_size(const struct program *, const char *option,
    const char *value, int64_t most);
/* A duration that is not 0, in nanoseconds. */
int64_t value_duration(const struct program *, const char *option,
    const char *value);
/* A descriptor that is open, made close-on-exec.  One that is not would be
 * that of a file which is opened later: the journal, for one. */
int value_descriptor(const struct program *, const char *option,
    const char *value);
/* "strict" or "best-effort". */
enum sandbox_mode value_sandbox(const struct program *, const char *value);

/* The text of an operand, or all of the standard input when it is "-"; without
 * a NUL byte (status 65).  The caller frees it. */
char *value_text(const char *operand);

#endif
