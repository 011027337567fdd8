/*
 * mem.h: memory that is there or the program is not.  Running out is the one
 * death inside the library; sizes go through overflow-checked arithmetic.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/cc.h"

/* Zeroed room for `n` objects of `size` bytes; the caller frees it. */
void *mem_new(size_t n, size_t size);

/* `old` grown (or shrunk) to `n` objects of `size` bytes; the rest is not
 * zeroed.  `old` may be NULL. */
void *mem_grow(void *old, size_t n, size_t size);

/* A NUL-terminated copy of `n` bytes. */
char *mem_dup(const void *data, size_t n);

/* A copy of a string; NULL gives NULL. */
char *mem_strdup(const char *s);

/* A string made as by printf. */
char *mem_printf(const char *fmt, ...) PRINTF(1, 2);

/* Make room for one more in the array `*items` of `size`-byte objects that
 * holds `count` of `*cap`; doubles when full. */
void mem_room(void *items, size_t count, size_t *cap, size_t size);

/* Overwrite `n` bytes in a way that the compiler keeps. */
void mem_wipe(void *p, size_t n);

/* For CLEANUP: frees the pointer that `p` points at. */
void mem_cleanup(void *p);

#define CLEANUP_FREE CLEANUP(mem_cleanup)

#endif
