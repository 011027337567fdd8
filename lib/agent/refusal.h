/*
 * refusal.h: files in a mailbox that are of no use: they go to mail/bad, and
 * one note a time says how many there were and what the first was.
 */
#ifndef AGENT_REFUSAL_H
#define AGENT_REFUSAL_H

#include <limits.h>

#include "agent/mailbox.h"
#include "agent/session.h"

/* `{0}` is none. */
struct refusal {
	size_t count;
	char first[NAME_MAX + 1];
	struct err why;		/* of the first */
};

void refusal_add(struct refusal *, const struct mailbox *, const char *name,
    const struct err *why);
/* Stage the note, if there was any; `what` begins it. */
int refusal_note(const struct refusal *, struct session *, const char *what,
    struct err *);

#endif
