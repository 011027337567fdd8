/*
 * secretmatch.h: does a text begin with the value of a secret, in any of the
 * forms that secret.h names?  For secretfind.c only.
 */
#ifndef BASE_SECRETMATCH_H
#define BASE_SECRETMATCH_H

#include <stdint.h>

#include "base/secret.h"

/* What is there could become a value once more comes. */
#define SECRET_MORE SIZE_MAX

/* The most bytes at `s` that any form of any secret takes, and its `*name`;
 * 0: none, and `*name` is left alone.  SECRET_MORE only where the text goes on,
 * so never when it is `last`. */
size_t secret_match(const struct secrets *, const char *s, size_t n, bool last,
    const char **name);

#endif
