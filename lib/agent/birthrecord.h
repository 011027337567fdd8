/*
 * birthrecord.h: the records of an agent that is being made, before anybody
 * has opened it: staged, not folded.
 */
#ifndef AGENT_BIRTHRECORD_H
#define AGENT_BIRTHRECORD_H

#include "agent/root.h"
#include "grant/grant.h"
#include "journal/journal.h"

/* Any record; what is secret is taken out.  Empties `body`. */
void birthrecord_stage(const struct root *, struct journal *,
    enum record_type, struct buf *body);
/* A policy's own layer. */
void birthrecord_grants(const struct root *, struct journal *,
    const struct policy *);
/* What `from` wants of it; NULL is nothing. */
int birthrecord_goal(const struct root *, struct journal *, const char *from,
    const char *goal, unsigned labels, struct err *);

#endif
