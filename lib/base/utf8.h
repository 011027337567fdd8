/*
 * utf8.h: UTF-8 as RFC 3629 has it (no surrogates, no overlong forms, at most
 * U+10FFFF), and the filter through which foreign text reaches a terminal.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* The length (1 to 4) of the character at `s`, or 0 when it is not one;
 * `*cp` (may be NULL) gets its code point. */
size_t utf8_next(const char *s, size_t len, uint32_t *cp);

/* How many of the `len` bytes are valid before the first that is not. */
size_t utf8_valid(const char *s, size_t len);

/* Append the text with each bad byte replaced by U+FFFD. */
void utf8_repair(struct buf *, const char *s, size_t len);

/* The longest prefix of at most `most` bytes that ends between characters. */
size_t utf8_cut(const char *s, size_t len, size_t most);

/* Append the text for a terminal: control characters (but newline and tab,
 * and these only if `lines`), bidirectional controls, invisible format
 * characters and bad bytes become visible escapes such as \x1b or <U+202E>.
 * See Unicode UAX #9, and CVE-2021-42574. */
void utf8_safe(struct buf *, const char *s, size_t len, bool lines);

#endif
