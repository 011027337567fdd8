/*
 * auditsources.h: the histories that operands name, all open at once, oldest
 * agent first: a parent stands before its children.
 */
#ifndef CLI_AUDITSOURCES_H
#define CLI_AUDITSOURCES_H

#include "cli/auditverb.h"

struct audit_sources {
	struct source *items;
	size_t count;
};

/* With --family the one operand stands for the agent's whole family.  What
 * cannot be opened ends the program. */
void auditsources_open(const struct audit_args *, char *names[],
    struct audit_sources *out);
void auditsources_close(struct audit_sources *);

/* Write a file with `fill` as --output says: whole or not at all, or to the
 * standard output.  A failure ends the program. */
void auditsources_write(const struct audit_args *,
    int (*fill)(void *arg, int fd, struct err *), void *arg);

#endif
