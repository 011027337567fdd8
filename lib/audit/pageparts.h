/*
 * pageparts.h: the files of lib/audit/page as bytes, made by scripts/embed.
 */
#ifndef AUDIT_PAGEPARTS_H
#define AUDIT_PAGEPARTS_H

#include <stddef.h>

extern const char pageparts_html[], pageparts_css[], pageparts_js[];
extern const size_t pageparts_html_len, pageparts_css_len, pageparts_js_len;

#endif
