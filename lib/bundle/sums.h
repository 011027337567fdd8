/*
 * sums.h: lines of agent/SHA256SUMS, as sha256sum(1) of GNU coreutils writes
 * and checks them.
 */
#ifndef BUNDLE_SUMS_H
#define BUNDLE_SUMS_H

#include "bundle/entry.h"

/* Append the line of a file or hard link; a name with a newline, a carriage
 * return or a backslash is escaped, and a backslash leads the line. */
void sums_line(struct buf *, const struct entry *);

#endif
