/*
 * httphead.h: lines of a reply's head, RFC 9112, as libcurl gives them.
 */
#ifndef BASE_HTTPHEAD_H
#define BASE_HTTPHEAD_H

#include "base/http.h"

/* Take in one line with its end.  A status line starts the head afresh, for
 * one such as 100 may have come before. */
void http_head_line(struct http_head *, const char *, size_t);

#endif
