/*
 * sqlfill.h: histories as tables of a SQLite database.  It is derived: nothing
 * is in it that the journals do not hold, and it may be deleted.  Filling it
 * again goes on behind the last record that it has of each agent; what was
 * redacted since is taken out.
 */
#ifndef AUDIT_SQLFILL_H
#define AUDIT_SQLFILL_H

#include "audit/source.h"
#include "audit/sqlite.h"

/* Make the tables, or see that they are ours.  Status 65: another's file. */
int sqlfill_open(struct sqlite *, struct err *);
/* Add what is new of one history, in one transaction. */
int sqlfill_add(struct sqlite *, struct source *, struct err *);

#endif
